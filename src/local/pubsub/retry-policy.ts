/** The delays after which one nacked message is pushed again. */
export interface RetryPolicy {
  readonly minimumBackoffMs: number
  readonly maximumBackoffMs: number
}

/**
 * The wait of a message after its nack number `nacks`, from 1. It is the minimum, doubled with each
 * nack, plus up to as much again by chance, and at most the maximum; 0 without a policy
 * (cloud.google.com/pubsub/docs/subscription-retry-policy; factor and jitter are our choice).
 *
 * @param random in [0, 1)
 */
export function redeliveryDelayMs(
  policy: RetryPolicy | undefined,
  nacks: number,
  random: () => number,
): number {
  if (policy === undefined) return 0
  const leastMs = policy.minimumBackoffMs * 2 ** (nacks - 1)
  return Math.min(policy.maximumBackoffMs, leastMs * (1 + random()))
}
