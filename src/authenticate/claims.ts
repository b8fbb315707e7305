import type { RefusalCode } from '../model/authentication.ts'

/** The claims of a token. They are not to be trusted before `findFault` has checked them. */
export interface Claims {
  /** Epoch seconds, like the other dates. */
  readonly exp: number
  readonly iat?: unknown
  readonly nbf?: unknown
  readonly iss?: unknown
  readonly aud?: unknown
  readonly email?: unknown
  readonly email_verified?: unknown
}

/** The claims that a push must have. `any` is not checked; an empty list allows none. */
export interface Expectations {
  readonly issuers: readonly string[] | 'any'
  /** The audiences, compared exactly, as Pub/Sub's API reference says. */
  readonly audiences: readonly string[] | 'any'
  /** E-mail addresses in lower case; the case of the claim does not matter. */
  readonly serviceAccounts: readonly string[]
}

/** The skew between two clocks that is allowed, as google-auth-library does. */
const TOLERANCE_MS = 300_000

/**
 * Returns the claims in the payload of a token; `undefined` when it is not JSON or has no time of
 * expiry.
 */
export function parseClaims(payload: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(payload)
    return isClaims(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isClaims(value: unknown): value is Claims {
  if (typeof value !== 'object' || value === null) return false
  return 'exp' in value && Number.isFinite(value.exp)
}

/** Returns the instant from which a token is no longer accepted, in epoch ms. */
export function acceptedUntil(claims: Claims): number {
  return claims.exp * 1000 + TOLERANCE_MS
}

/**
 * Returns the fault of the claims at `now` (epoch ms), if there is one. The service account comes
 * last: only a token that is good in all else earns a 403.
 */
export function findFault(
  claims: Claims,
  expected: Expectations,
  now: number,
): RefusalCode | undefined {
  if (now >= acceptedUntil(claims)) return 'TOKEN_EXPIRED'
  if (isAhead(claims.iat, now) || isAhead(claims.nbf, now)) return 'TOKEN_NOT_YET_VALID'
  if (!isOneOf(expected.issuers, claims.iss)) return 'TOKEN_ISSUER_REFUSED'
  if (!isOneOf(expected.audiences, claims.aud)) return 'TOKEN_AUDIENCE_REFUSED'
  if (typeof claims.email !== 'string' || claims.email === '') return 'TOKEN_EMAIL_MISSING'
  if (claims.email_verified !== true) return 'TOKEN_EMAIL_UNVERIFIED'
  if (!expected.serviceAccounts.includes(claims.email.toLowerCase()))
    return 'SERVICE_ACCOUNT_REFUSED'
  return undefined
}

/** Whether a date lies in the future. A date that cannot be read counts as one that does. */
function isAhead(date: unknown, now: number): boolean {
  if (date === undefined) return false
  return typeof date !== 'number' || date * 1000 > now + TOLERANCE_MS
}

function isOneOf(allowed: readonly string[] | 'any', claim: unknown): boolean {
  return allowed === 'any' || (typeof claim === 'string' && allowed.includes(claim))
}
