import type { Clock } from '../lib/clock.ts'
import type { JudgeToken } from './bearer-token.ts'
import { acceptedUntil, type Claims, findFault, parseClaims } from './claims.ts'
import { describeDifference } from './difference.ts'
import { refused } from './refused.ts'

export interface CloudRunIamOptions {
  /** The audiences; none when Cloud Run alone checks the audience. */
  readonly audiences: readonly string[]
  readonly serviceAccounts: readonly string[]
}

/** https://cloud.google.com/run/docs/troubleshooting#signature-removed */
const REMOVED_SIGNATURE = '.SIGNATURE_REMOVED_BY_GOOGLE'

/** Whether Cloud Run's IAM has replaced the signature of a token. */
export function isStripped(token: string): boolean {
  return token.endsWith(REMOVED_SIGNATURE)
}

/**
 * Checks the claims of tokens that Cloud Run's IAM has verified and stripped of their signature. It
 * is safe on a private Cloud Run service only: anywhere else such a token can be written by hand.
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
    // A token with a signature has not come through Cloud Run's IAM.
    if (!isStripped(token)) return refused('TOKEN_SIGNATURE_PRESENT')
    const claims = readStrippedClaims(token)
    if (!claims) return refused('TOKEN_INVALID')
    const fault = findFault(claims, expected, clock.now())
    if (!fault) return { kind: 'trusted', until: acceptedUntil(claims) }
    // On a public service any client can have written the token by hand.
    const hint = describeDifference(fault, claims, expected)
    return { ...refused(fault), ...(hint !== undefined && { hint }) }
  }
}

function readStrippedClaims(token: string): Claims | undefined {
  const [, payload = '', , ...surplus] = token.split('.')
  if (surplus.length > 0) return undefined
  return parseClaims(Buffer.from(payload, 'base64url').toString())
}
