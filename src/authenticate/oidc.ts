import { hash } from 'node:crypto'
import {
  type CryptoKey,
  compactVerify,
  decodeProtectedHeader,
  errors,
  type JWSHeaderParameters,
} from 'jose'
import type { Clock } from '../lib/clock.ts'
import type { RefusalCode } from '../model/authentication.ts'
import type { JudgedToken, JudgeToken } from './bearer-token.ts'
import { acceptedUntil, type Expectations, findFault, parseClaims } from './claims.ts'
import { isStripped } from './cloud-run-iam.ts'
import { describeDifference } from './difference.ts'
import type { Keys } from './keys.ts'
import { refused } from './refused.ts'

export interface OidcDeps {
  readonly keys: Pick<Keys, 'find'>
  readonly clock: Pick<Clock, 'now'>
}

/** The only algorithm that Google signs with. It also keeps `none` and HS256 out. */
const ALGORITHM = 'RS256'

/**
 * Verifies the signature and the claims of a token once, and remembers the token until it expires.
 * Pushes that come at once with the same token wait for one verification.
 */
export function createOidc(expected: Expectations, deps: OidcDeps): JudgeToken {
  const { keys, clock } = deps
  const verifiedTokens = createVerifiedTokens(clock)
  const underWay = new Map<string, Promise<JudgedToken>>()

  return function judgeSignedToken(token) {
    const until = verifiedTokens.trustedUntil(token)
    if (until !== undefined) return { kind: 'trusted', until }
    if (isStripped(token)) return refused('TOKEN_SIGNATURE_REMOVED')
    return underWay.get(token) ?? begin(token)
  }

  function begin(token: string): Promise<JudgedToken> {
    const verifying = verify(token).finally(() => underWay.delete(token))
    underWay.set(token, verifying)
    return verifying
  }

  async function verify(token: string): Promise<JudgedToken> {
    const header = readHeader(token)
    if (!header) return refused('TOKEN_INVALID')
    if (header.alg !== ALGORITHM) return refused('TOKEN_ALGORITHM_REFUSED')

    const found = await keys.find(header)
    if (found.kind === 'unknown') return refused('TOKEN_KEY_UNKNOWN')
    if (found.kind === 'unavailable') return refused('KEYS_UNAVAILABLE')

    const signed = await verifySignature(token, found.key)
    return signed.kind === 'payload' ? judgeClaims(token, signed.payload) : refused(signed.code)
  }

  function judgeClaims(token: string, payload: string): JudgedToken {
    const claims = parseClaims(payload)
    if (!claims) return refused('TOKEN_INVALID')
    const fault = findFault(claims, expected, clock.now())
    if (fault) return refused(fault, describeDifference(fault, claims, expected))
    const until = acceptedUntil(claims)
    verifiedTokens.remember(token, until)
    return { kind: 'trusted', until }
  }
}

function readHeader(token: string): JWSHeaderParameters | undefined {
  try {
    return decodeProtectedHeader(token)
  } catch {
    return undefined
  }
}

type Signed = Readonly<{ kind: 'payload'; payload: string } | { kind: 'fault'; code: RefusalCode }>

/** Verifies a signature. The errors of jose may quote the token, so none leaves this function. */
async function verifySignature(token: string, key: CryptoKey): Promise<Signed> {
  try {
    const { payload } = await compactVerify(token, key, { algorithms: [ALGORITHM] })
    return { kind: 'payload', payload: Buffer.from(payload).toString() }
  } catch (error) {
    const forged = error instanceof errors.JWSSignatureVerificationFailed
    return { kind: 'fault', code: forged ? 'TOKEN_SIGNATURE_INVALID' : 'TOKEN_INVALID' }
  }
}

/** The tokens that have been verified, by their SHA-256. The tokens themselves are not kept. */
export interface VerifiedTokens {
  /**
   * Returns the instant at which a remembered token expires, in epoch ms; `undefined` when it is not
   * remembered, or has expired.
   */
  trustedUntil(token: string): number | undefined
  /** Remembers a token until the instant `until`, in epoch ms. */
  remember(token: string, until: number): void
}

/** The most tokens. Pub/Sub uses a token for up to an hour, so only a few are in use at once. */
const MAX_TOKENS = 1000

/** Makes a memory of bounded size, which forgets the oldest first. */
export function createVerifiedTokens(
  clock: Pick<Clock, 'now'>,
  maxTokens = MAX_TOKENS,
): VerifiedTokens {
  const untilByHash = new Map<string, number>()

  return {
    trustedUntil(token) {
      const until = untilByHash.get(hashOf(token))
      return until !== undefined && clock.now() < until ? until : undefined
    },
    remember(token, until) {
      const key = hashOf(token)
      // The key is deleted and set again: a Map keeps the first place of a key, and its first key
      // is the oldest.
      untilByHash.delete(key)
      untilByHash.set(key, until)
      for (const oldest of untilByHash.keys()) {
        if (untilByHash.size <= maxTokens) return
        untilByHash.delete(oldest)
      }
    },
  }
}

function hashOf(token: string): string {
  return hash('sha256', token, 'binary')
}
