/** Why a push is not let in. A stable part of the contract and a metric label: the set may grow. */
export const REFUSAL_CODES = [
  'TOKEN_MISSING',
  'TOKEN_TOO_LARGE',
  'TOKEN_INVALID',
  'TOKEN_ALGORITHM_REFUSED',
  'TOKEN_KEY_UNKNOWN',
  'TOKEN_SIGNATURE_INVALID',
  'TOKEN_SIGNATURE_REMOVED',
  'TOKEN_SIGNATURE_PRESENT',
  'TOKEN_EXPIRED',
  'TOKEN_NOT_YET_VALID',
  'TOKEN_ISSUER_REFUSED',
  'TOKEN_AUDIENCE_REFUSED',
  'TOKEN_EMAIL_MISSING',
  'TOKEN_EMAIL_UNVERIFIED',
  'SERVICE_ACCOUNT_REFUSED',
  'KEYS_UNAVAILABLE',
] as const
export type RefusalCode = (typeof REFUSAL_CODES)[number]

export type Trusted = Readonly<{ kind: 'trusted' }>
export type Refused = Readonly<{
  kind: 'refused'
  /** 401: no good token · 403: a good one of another service account · 503: keys cannot be had. */
  status: 401 | 403 | 503
  code: RefusalCode
  /** For people: what is wrong and what to do. Never holds the token or anything out of it. */
  detail: string
  /** More of that, for the log only: the sender may not be told. */
  hint?: string
}>

/** Whether a push is Pub/Sub's, for us. */
export type Authentication = Trusted | Refused

/**
 * Judges the `Authorization` header of a push. Answers at once wherever it can, so that a token
 * seen before costs no promise; a promise never rejects.
 */
export type Authenticate = (
  authorization: string | undefined,
) => Authentication | Promise<Authentication>

export const TRUSTED: Trusted = Object.freeze({ kind: 'trusted' })
