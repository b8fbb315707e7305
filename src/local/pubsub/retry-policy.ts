/** When one message comes again after a nack. */
export interface RetryPolicy {
  readonly minimumBackoffMs: number
  readonly maximumBackoffMs: number
}

/**
 * How long a message waits after its nack number `nacks`, from 1: the minimum, doubled with each
 * nack, and up to as much again by chance, never past the maximum; not at all without a policy
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
