import type { Clock } from '../../src/lib/clock.ts'

export interface FakeClock extends Clock {
  /** Moves both hands, running what falls due in order, and lets promises settle in between. */
  advance(ms: number): Promise<void>
  /** How many tasks wait for their time. */
  pending(): number
}

interface Alarm {
  readonly at: number
  readonly task: () => void
}

/** A clock that stands still until it is moved. */
export function createFakeClock(startAt = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0
  const alarms = new Set<Alarm>()

  return {
    now: () => startAt + elapsed,
    monotonic: () => elapsed,
    after(ms, task) {
      const alarm = { at: elapsed + Math.max(0, ms), task }
      alarms.add(alarm)
      return () => alarms.delete(alarm)
    },
    pending: () => alarms.size,
    async advance(ms) {
      const end = elapsed + ms
      await settlePromises()
      for (let next = earliest(end); next; next = earliest(end)) {
        alarms.delete(next)
        elapsed = next.at
        next.task()
        await settlePromises()
      }
      elapsed = end
    },
  }

  function earliest(end: number): Alarm | undefined {
    let first: Alarm | undefined
    for (const alarm of alarms) {
      if (alarm.at <= end && (!first || alarm.at < first.at)) first = alarm
    }
    return first
  }
}

/** Lets every promise that can settle without I/O settle. */
export async function settlePromises(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}
