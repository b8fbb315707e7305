import type { HrTime } from '@opentelemetry/api'
import type { Clock } from '../../lib/clock.ts'

/** The times of a span: its beginning, and the present moment on the same scale. */
export interface SpanTimes {
  readonly startTime: HrTime
  endTime(): HrTime
}

/** Begins the times of a span now, or at an earlier instant in monotonic ms. */
export function timesFrom(clock: Clock, startedAt = clock.monotonic()): SpanTimes {
  const epochMs = clock.now() - clock.monotonic()
  return {
    startTime: hrTimeOf(epochMs + startedAt),
    endTime: () => hrTimeOf(epochMs + clock.monotonic()),
  }
}

/** A number could also be ms since the start of the process, so an SDK reads a pair more safely. */
function hrTimeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000)
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)]
}
