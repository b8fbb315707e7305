import type { Clock } from '../lib/clock.ts'
import { TRUSTED } from '../model/authentication.ts'
import type { JudgeToken } from './bearer-token.ts'
import { type Claims, claimsIn, faultOf } from './claims.ts'
import { differenceOf } from './difference.ts'
import { refused } from './refused.ts'

export interface CloudRunIamOptions {
  /** None: Cloud Run has checked the audience, and it is not checked again. */
  readonly audiences: readonly string[]
  readonly serviceAccounts: readonly string[]
}

/** https://cloud.google.com/run/docs/troubleshooting#signature-removed */
const REMOVED_SIGNATURE = '.SIGNATURE_REMOVED_BY_GOOGLE'

/** Whether a token has in place of its signature what Cloud Run's IAM puts there. */
export function isStripped(token: string): boolean {
  return token.endsWith(REMOVED_SIGNATURE)
}

/**
 * Checks the claims of tokens which Cloud Run's IAM has verified and stripped of their signature.
 * Safe on a private Cloud Run service only: anywhere else such a token can be typed by hand.
 */
export function createCloudRunIam(
  options: CloudRunIamOptions,
  clock: Pick<Clock, 'now'>,
): JudgeToken {
  const { audiences, serviceAccounts } = options
  const expected = {
    issuers: 'any',
    audiences: audiences.length === 0 ? 'any' : audiences,
    serviceAccounts,
  } as const

  return function judgeStrippedToken(token) {
    // A token with a signature has come by another way than through Cloud Run's IAM.
    if (!isStripped(token)) return refused('TOKEN_SIGNATURE_PRESENT')
    const claims = claimsOfStripped(token)
    if (!claims) return refused('TOKEN_INVALID')
    const fault = faultOf(claims, expected, clock.now())
    if (!fault) return TRUSTED
    // On a public service anybody can have typed the token.
    const hint = differenceOf(fault, claims, expected)
    return { ...refused(fault), ...(hint !== undefined && { hint }) }
  }
}

function claimsOfStripped(token: string): Claims | undefined {
  const [, payload = '', , ...surplus] = token.split('.')
  if (surplus.length > 0) return undefined
  return claimsIn(Buffer.from(payload, 'base64url').toString())
}
