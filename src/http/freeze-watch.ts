import type { Clock } from '../lib/clock.ts'

export interface FreezeWatch {
  /** Whether the process was frozen and thawed again within the last `ms`. */
  thawedWithin(ms: number): boolean
  stop(): void
}

const BEAT_MS = 250
/** A beat this late, of which the process spent less than half computing, is a freeze. */
const LATE_MS = 500

/**
 * Tells a frozen process (Cloud Run gives no CPU between requests; SIGSTOP) from a busy event
 * loop: both make timers late, but only the busy one spends CPU meanwhile. `cpuMs` is the CPU
 * time of the process so far.
 */
export function createFreezeWatch(clock: Clock, cpuMs: () => number): FreezeWatch {
  let beatAt = clock.monotonic()
  let cpuAtBeat = cpuMs()
  let thawedAt = Number.NEGATIVE_INFINITY
  let callOff = clock.after(BEAT_MS, beat)

  return {
    thawedWithin: (ms) => clock.monotonic() - thawedAt <= ms,
    stop: () => callOff(),
  }

  function beat(): void {
    const now = clock.monotonic()
    const cpu = cpuMs()
    const gap = now - beatAt
    if (gap > BEAT_MS + LATE_MS && cpu - cpuAtBeat < gap / 2) thawedAt = now
    beatAt = now
    cpuAtBeat = cpu
    callOff = clock.after(BEAT_MS, beat)
  }
}
