import type { RefusalCode, Refused } from '../model/authentication.ts'

type Reading = readonly [status: Refused['status'], detail: string]

/** The details are constants, so no part of a token can reach an answer or a log. */
const REFUSALS: Readonly<Record<RefusalCode, Reading>> = {
  TOKEN_MISSING: [401, 'There is no bearer token. Enable authentication on the push subscription.'],
  TOKEN_TOO_LARGE: [401, 'The bearer token is longer than any that Pub/Sub sends.'],
  TOKEN_INVALID: [401, 'The bearer token is not a JSON Web Token that says when it expires.'],
  TOKEN_ALGORITHM_REFUSED: [401, 'The token is not signed with RS256, the only algorithm taken.'],
  TOKEN_KEY_UNKNOWN: [
    401,
    'The key server does not publish the key that the token names. Check PUSH_JWKS_URL.',
  ],
  TOKEN_SIGNATURE_INVALID: [401, 'The signature of the token does not fit its contents.'],
  TOKEN_SIGNATURE_REMOVED: [
    401,
    'The signature is removed. Behind Cloud Run IAM set PUSH_AUTH=cloud-run-iam; else it is forged.',
  ],
  TOKEN_SIGNATURE_PRESENT: [
    401,
    'Cloud Run IAM has not verified the token. Make the service private, or set PUSH_AUTH=oidc.',
  ],
  TOKEN_EXPIRED: [401, 'The token has expired. Send a new one; check the clock of this machine.'],
  TOKEN_NOT_YET_VALID: [
    401,
    'The token is dated in the future. Check the clocks of this machine and of the issuer.',
  ],
  TOKEN_ISSUER_REFUSED: [401, 'The token comes from another issuer. Check PUSH_ISSUER.'],
  TOKEN_AUDIENCE_REFUSED: [
    401,
    'The token is for another audience. PUSH_AUDIENCE must equal the one of the subscription.',
  ],
  TOKEN_EMAIL_MISSING: [401, 'The token names no e-mail. Request it with the e-mail included.'],
  TOKEN_EMAIL_UNVERIFIED: [401, 'The issuer of the token has not verified its e-mail.'],
  SERVICE_ACCOUNT_REFUSED: [
    403,
    'The token is good, but its service account may not push here. Check PUSH_SERVICE_ACCOUNT.',
  ],
  KEYS_UNAVAILABLE: [
    503,
    'The key server gives no keys to verify the token with. Push again; check PUSH_JWKS_URL.',
  ],
}

/**
 * Makes the answer to a push that is refused. `more` is a sentence that quotes nothing of a token.
 */
export function refused(code: RefusalCode, more?: string): Refused {
  const [status, detail] = REFUSALS[code]
  return {
    kind: 'refused',
    status,
    code,
    detail: more === undefined ? detail : `${detail} ${more}`,
  }
}
