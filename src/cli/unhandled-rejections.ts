import type { Logger } from 'pino'
import type { Clock } from '../lib/clock.ts'
import { createAtMostEvery } from '../telemetry/at-most-every.ts'

const MINUTE_MS = 60_000

/**
 * Logs, at most once a minute, a rejected promise that nothing handles. The owner's transform may
 * leave one with an event, and each delivery of that event would end the process.
 */
export function createRejectionLog(log: Logger, clock: Clock): (error: unknown) => void {
  const countToReport = createAtMostEvery(MINUTE_MS, clock)
  return function tell(error) {
    const times = countToReport('rejected')
    if (times === 0) return
    log.error(
      { event: 'rejection', err: error, times },
      'the transform left a promise that was rejected: it must answer at once and await nothing',
    )
  }
}
