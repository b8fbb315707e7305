/**
 * The reasons for which a push is refused. They are part of the contract and metric labels: the set
 * may grow.
 */
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

/** The mode of authentication, `PUSH_AUTH`, with the settings that it needs. */
export type PushAuth = Readonly<
  /** The mode that verifies the token fully. */
  | {
      kind: 'oidc'
      audiences: readonly string[]
      serviceAccounts: readonly string[]
      issuers: readonly string[]
      jwksUrl: string
    }
  /**
   * The mode that trusts Cloud Run's IAM to have verified the token. Without audiences, they are
   * not checked.
   */
  | { kind: 'cloud_run_iam'; audiences: readonly string[]; serviceAccounts: readonly string[] }
  /** The mode that trusts every client. */
  | { kind: 'none' }
>

export type Trusted = Readonly<{ kind: 'trusted' }>
export type Refused = Readonly<{
  kind: 'refused'
  /**
   * 401: no good token · 403: a good token of another service account · 503: no keys to check it
   * with.
   */
  status: 401 | 403 | 503
  code: RefusalCode
  /** A text for people: what is wrong and what to do. It never quotes any part of the token. */
  detail: string
  /** A further text, for the log only: the sender must not learn it. */
  hint?: string
}>

/** The answer to whether a push comes from Pub/Sub and is meant for this service. */
export type Authentication = Trusted | Refused

/**
 * Judges the `Authorization` header of a push. It answers without a promise where it can, so that a
 * token seen before costs none. A promise never rejects.
 */
export type Authenticate = (
  authorization: string | undefined,
) => Authentication | Promise<Authentication>

export const TRUSTED: Trusted = Object.freeze({ kind: 'trusted' })
