import type { Clock } from '../../src/lib/clock.ts'

export interface VirtualTime extends Clock {
  /** Moves on to that instant, running what falls due in order. */
  runTo(instant: number): Promise<void>
  sleep(ms: number): Promise<void>
}

interface Alarm {
  readonly at: number
  /** `undefined` once it was called off. */
  task: (() => void) | undefined
}

/**
 * A clock for hours of simulation: as the fake clock, but it lets promises settle without a turn
 * of the event loop, which would cost more than all that is simulated.
 */
export function createVirtualTime(): VirtualTime {
  /** In the order in which they fall due, the last one first. */
  const alarms: Alarm[] = []
  let elapsed = 0

  return {
    now: () => elapsed,
    monotonic: () => elapsed,
    after,
    sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
    runTo,
  }

  function after(ms: number, task: () => void): () => void {
    const alarm: Alarm = { at: elapsed + Math.max(0, ms), task }
    alarms.splice(placeOf(alarm.at), 0, alarm)
    return () => {
      alarm.task = undefined
    }
  }

  /** Before those that fall due at the same instant: they came first. */
  function placeOf(at: number): number {
    let [from, to] = [0, alarms.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((alarms[middle]?.at ?? at) > at) from = middle + 1
      else to = middle
    }
    return from
  }

  async function runTo(instant: number): Promise<void> {
    await settle()
    while ((alarms.at(-1)?.at ?? Number.POSITIVE_INFINITY) <= instant) {
      const alarm = alarms.pop()
      if (!alarm?.task) continue
      elapsed = alarm.at
      alarm.task()
      await settle()
    }
    elapsed = instant
  }
}

/** Comes back when every promise that can settle has: the ticks' turn is after theirs. */
function settle(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function createSeededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
