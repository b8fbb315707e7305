export interface BackoffOptions {
  /** The ceiling of the wait before the second attempt. */
  readonly initialMs: number
  /** The ceiling at which the doubling stops. */
  readonly maxMs: number
}

/**
 * Returns the wait after failed attempt number `attempt` (from 1): full jitter, from 0 to a ceiling
 * that doubles. `random` lies in [0, 1).
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: number): number {
  const ceiling = Math.min(options.maxMs, options.initialMs * 2 ** (attempt - 1))
  return Math.floor(random * ceiling)
}
