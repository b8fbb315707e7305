import type { Clock } from '../lib/clock.ts'

/**
 * Thins out what would be said too often. `occasion(key)` answers how many times the key has come
 * up since it was last let through, this time included, or 0 when it is too soon to say it again.
 */
export type Occasion = (key: string) => number

/** Lets each key through at most once in `ms`. Keys must come from a closed set. */
export function createAtMostEvery(ms: number, clock: Clock): Occasion {
  const keys = new Map<string, { saidAt: number; since: number }>()

  return function occasion(key) {
    const now = clock.monotonic()
    const entry = keys.get(key) ?? { saidAt: Number.NEGATIVE_INFINITY, since: 0 }
    keys.set(key, entry)
    entry.since += 1
    if (now - entry.saidAt < ms) return 0
    const times = entry.since
    entry.saidAt = now
    entry.since = 0
    return times
  }
}
