import type { Authenticate, Authentication } from '../model/authentication.ts'
import { refused } from './refused.ts'

/** Judges a bearer token, which may be any text, by the rules of one mode. */
export type JudgeToken = (token: string) => Authentication | Promise<Authentication>

const SCHEME = 'bearer '

/**
 * The most characters of a token. Google's tokens have about 1 KB; a longer one is not worth
 * hashing or verifying.
 */
const MAX_TOKEN_LENGTH = 16_384

/**
 * Finds the token in the `Authorization` header. It refuses when there is none, or one that is too
 * long.
 */
export function withBearerToken(judge: JudgeToken): Authenticate {
  return function authenticate(authorization = '') {
    const token = authorization.slice(SCHEME.length)
    // RFC 9110, 11.1: the scheme is case-insensitive.
    const isBearer = authorization.slice(0, SCHEME.length).toLowerCase() === SCHEME
    if (!isBearer || token === '') return refused('TOKEN_MISSING')
    if (token.length > MAX_TOKEN_LENGTH) return refused('TOKEN_TOO_LARGE')
    return judge(token)
  }
}
