import type { Clock } from '../../src/lib/clock.ts'

/** A clock that runs `factor` times as fast as the wall: deadlines of seconds pass in milliseconds. */
export function createScaledClock(factor: number): Clock {
  const startedAt = Date.now()
  const start = performance.now()
  const monotonic = (): number => (performance.now() - start) * factor
  return {
    now: () => startedAt + monotonic(),
    monotonic,
    after(ms, task) {
      const timer = setTimeout(task, ms / factor)
      return () => clearTimeout(timer)
    },
  }
}
