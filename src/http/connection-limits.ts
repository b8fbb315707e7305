import type { Config } from '../config/load-config.ts'
import type { ConnectionLimits } from './connections.ts'

/**
 * The file descriptors for everything but connections. An idle process has some 25 open; metrics
 * have 16, and the rest is for letters, keys and name look-ups.
 */
const OWN_FILES = 112
/** The bound on the memory of connections: an idle one takes about 17 KiB. */
const MAX_CONNECTIONS = 4_096
const STRANGER_IDLE_MS = 30_000
/**
 * The resets a second that Google's front ends may pass on. They put many clients on one session,
 * and bound each client themselves.
 */
const FRONT_END_RESETS_PER_SECOND = 10_000

/**
 * Gives connections the rest of the limit of file descriptors. The service itself needs some for
 * Mixpanel, dead letters, keys and metrics. On Cloud Run only Google's front ends connect. Without
 * authentication all connections are treated alike.
 */
export function connectionLimitsOf(
  config: Pick<Config, 'delivery' | 'onCloudRun' | 'push'>,
  maxOpenFiles: number,
): ConnectionLimits {
  const left = maxOpenFiles - OWN_FILES - config.delivery.maxConcurrency
  const max = Math.min(MAX_CONNECTIONS, Math.max(left, Math.floor(maxOpenFiles / 4)))
  if (config.onCloudRun) return { max, resetsPerSecond: FRONT_END_RESETS_PER_SECOND }
  const hasStrangers = config.push.auth.kind !== 'none'
  return hasStrangers ? { max, strangerIdleMs: STRANGER_IDLE_MS } : { max }
}
