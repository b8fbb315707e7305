import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import {
  type Authenticate,
  type Authentication,
  type Refused,
  TRUSTED,
} from '../model/authentication.ts'
import { refused } from './refused.ts'

/** The judgement of a token. A good one is trusted until the instant `until`, in epoch ms. */
export type JudgedToken = Readonly<{ kind: 'trusted'; until: number }> | Refused

/** Judges a bearer token, which may be any text, by the rules of one mode. */
export type JudgeToken = (token: string) => JudgedToken | Promise<JudgedToken>

const SCHEME = 'bearer '

/**
 * The most characters of a token. Google's tokens have about 1 KB; a longer one is not worth
 * hashing or verifying.
 */
const MAX_TOKEN_LENGTH = 16_384

/**
 * Finds the token in the `Authorization` header. It refuses when there is none, or one that is too
 * long. Pub/Sub sends one token for up to an hour, so the last good header is kept, and each push is
 * compared with it first, in constant time.
 */
export function withBearerToken(judge: JudgeToken, clock: Pick<Clock, 'now'>): Authenticate {
  let good = { header: Buffer.alloc(0), until: 0 }
  /** Holds the header of a push while it is compared. */
  let compared = Buffer.alloc(0)

  return function authenticate(authorization = '') {
    if (isLastGood(authorization)) return TRUSTED
    const token = authorization.slice(SCHEME.length)
    // RFC 9110, 11.1: the scheme is case-insensitive.
    const isBearer = authorization.slice(0, SCHEME.length).toLowerCase() === SCHEME
    if (!isBearer || token === '') return refused('TOKEN_MISSING')
    if (token.length > MAX_TOKEN_LENGTH) return refused('TOKEN_TOO_LARGE')
    const judged = judge(token)
    return judged instanceof Promise
      ? judged.then((later) => note(authorization, later))
      : note(authorization, judged)
  }

  function isLastGood(authorization: string): boolean {
    const { length } = good.header
    if (authorization.length !== length || clock.now() >= good.until) return false
    // A text that is not ASCII has more bytes than characters, and is not written to its end.
    return compared.write(authorization) === length && timingSafeEqual(compared, good.header)
  }

  function note(authorization: string, judged: JudgedToken): Authentication {
    if (judged.kind === 'refused') return judged
    good = { header: Buffer.from(authorization), until: judged.until }
    compared = Buffer.alloc(good.header.length)
    return TRUSTED
  }
}
