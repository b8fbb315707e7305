import type { Clock } from '../lib/clock.ts'

export interface FreezeWatch {
  /** Whether a freeze of the process ended within the last `ms`. */
  thawedWithin(ms: number): boolean
  stop(): void
}

const BEAT_MS = 250
/**
 * A beat that is this late is a freeze, if the process spent less than half of the time computing.
 */
const LATE_MS = 500

/**
 * Tells a frozen process (Cloud Run gives no CPU between requests; SIGSTOP) from a busy event loop.
 * Both make timers late, but only the busy one spends CPU time meanwhile. `cpuMs` returns the CPU
 * time of the process so far.
 */
export function createFreezeWatch(clock: Clock, cpuMs: () => number): FreezeWatch {
  let beatAt = clock.monotonic()
  let cpuAtBeat = cpuMs()
  let thawedAt = Number.NEGATIVE_INFINITY
  let cancel = clock.after(BEAT_MS, beat)

  return {
    thawedWithin: (ms) => clock.monotonic() - thawedAt <= ms,
    stop: () => cancel(),
  }

  function beat(): void {
    const now = clock.monotonic()
    const cpu = cpuMs()
    const gap = now - beatAt
    if (gap > BEAT_MS + LATE_MS && cpu - cpuAtBeat < gap / 2) thawedAt = now
    beatAt = now
    cpuAtBeat = cpu
    cancel = clock.after(BEAT_MS, beat)
  }
}
