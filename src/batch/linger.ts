/** The time from one batch to the next, in which events wait for others. */
export interface Linger {
  /** Called when events arrive at the monotonic time `now`. */
  arrived(events: number, now: number): void
  /** Returns the linger in ms, for the rate of the events that arrived so far. */
  ms(): number
}

/** The events that one request should carry. It costs as much CPU as five pushes of one event. */
const WANTED_EVENTS = 64
const SHORTEST_MS = 10
const LONGEST_MS = 100
/** The rate below which waiting gathers too few events to be worth it, in events a second. */
const LEAST_RATE = 50
/** The time after which an arrival counts a third, in ms. */
const MEMORY_MS = 1_000

/** Makes a linger of a length in ms, or one that adapts to the rate of the events. */
export function createLinger(length: number | 'adaptive'): Linger {
  return length === 'adaptive' ? createAdaptiveLinger() : { arrived() {}, ms: () => length }
}

/**
 * Makes a linger in which 64 events arrive: 10 to 100 ms, and 10 ms below 50 events a second. The
 * rate is an exponential average over a second.
 */
function createAdaptiveLinger(): Linger {
  let rate = 0
  let updatedAt = 0

  return { arrived, ms }

  function arrived(events: number, now: number): void {
    rate = rate * Math.exp((updatedAt - now) / MEMORY_MS) + events * (1_000 / MEMORY_MS)
    updatedAt = now
  }

  function ms(): number {
    if (rate < LEAST_RATE) return SHORTEST_MS
    return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (WANTED_EVENTS * 1_000) / rate))
  }
}
