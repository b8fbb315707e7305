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

/** Returns the push token of one subscription, signed once and reused until it nears its end. */
export function createPushTokens(
  source: TokenSource,
  now: () => number,
): (claims: TokenClaims) => string | Promise<string> {
  let token: string | Promise<string> = ''
  let signedFor = ''
  let renewedAt = 0

  return (claims) => {
    if (now() < renewedAt && signedFor === claims.audience) return token
    token = source(claims)
    signedFor = claims.audience
    renewedAt = now() + LIFETIME_MS - RENEWED_BEFORE_END_MS
    return token
  }
}
