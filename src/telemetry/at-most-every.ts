import type { Clock } from '../lib/clock.ts'

/**
 * Counts occurrences of a key. It returns how often the key has occurred since it was last allowed,
 * this time included, or 0 when it is too early to report it again.
 */
export type CountToReport = (key: string) => number

/** Allows each key at most once in `ms`. The keys must come from a closed set. */
export function createAtMostEvery(ms: number, clock: Clock): CountToReport {
  const keys = new Map<string, { reportedAt: number; since: number }>()

  return function countToReport(key) {
    const now = clock.monotonic()
    const entry = keys.get(key) ?? { reportedAt: Number.NEGATIVE_INFINITY, since: 0 }
    keys.set(key, entry)
    entry.since += 1
    if (now - entry.reportedAt < ms) return 0
    const times = entry.since
    entry.reportedAt = now
    entry.since = 0
    return times
  }
}
