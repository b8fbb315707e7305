import type { Config } from '../config/load-config.ts'
import type { ConnectionLimits } from './connections.ts'

/** A process without work has some 25; metrics have 16, and the rest is for letters, keys and names. */
const OWN_FILES = 112
/** The memory of connections is bounded, too: an idle one takes about 17 KiB. */
const MAX_CONNECTIONS = 4_096
const STRANGER_IDLE_MS = 30_000

/**
 * Connections take what is left of the limit of file descriptors: the service itself needs some for
 * Mixpanel, dead letters, keys and metrics. On Cloud Run only Google's front ends connect, and without
 * authentication every connection is as good as another.
 */
export function connectionLimitsOf(
  config: Pick<Config, 'delivery' | 'onCloudRun' | 'push'>,
  maxOpenFiles: number,
): ConnectionLimits {
  const left = maxOpenFiles - OWN_FILES - config.delivery.maxConcurrency
  const max = Math.min(MAX_CONNECTIONS, Math.max(left, Math.floor(maxOpenFiles / 4)))
  const hasStrangers = !config.onCloudRun && config.push.auth.kind !== 'none'
  return hasStrangers ? { max, strangerIdleMs: STRANGER_IDLE_MS } : { max }
}
