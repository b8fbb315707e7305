/** The audience and the service account of a push token. */
export interface TokenClaims {
  readonly audience: string
  readonly email: string
}

/** Signs a token that is valid for an hour of the world's time. */
export type TokenSource = (claims: TokenClaims) => string | Promise<string>

// cloud.google.com/pubsub/docs/authenticate-push-subscriptions: tokens may be up to an hour old
const LIFETIME_MS = 3_600_000
/** Our choice: the time before its end at which a token is replaced. */
const RENEWED_BEFORE_END_MS = 300_000

/** The push token of one subscription, signed once and reused until it nears its end. */
export interface PushTokens {
  tokenFor(claims: TokenClaims): string | Promise<string>
  /** Signs a new one when it is next asked for. */
  renew(): void
}

export function createPushTokens(source: TokenSource, now: () => number): PushTokens {
  let token: string | Promise<string> = ''
  let signedFor = ''
  let renewedAt = 0

  return {
    tokenFor,
    renew: () => {
      renewedAt = 0
    },
  }

  function tokenFor(claims: TokenClaims): string | Promise<string> {
    if (now() < renewedAt && signedFor === claims.audience) return token
    token = source(claims)
    signedFor = claims.audience
    renewedAt = now() + LIFETIME_MS - RENEWED_BEFORE_END_MS
    return token
  }
}
