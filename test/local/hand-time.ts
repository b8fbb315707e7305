import type { WorldTime } from '../../src/local/world-time.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

export interface HandTime extends WorldTime {
  /** Moves on, running what falls due in order. */
  advance(ms: number): Promise<void>
  /** How many tasks wait for their time. */
  pending(): number
}

/** A world whose time stands still until it is moved. */
export function createHandTime(startAt?: number): HandTime {
  const { now, after, advance, pending } = createFakeClock(startAt)
  return { now, after, advance, pending, wait: (ms) => new Promise((done) => after(ms, done)) }
}
