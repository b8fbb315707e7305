import type { Row } from './row-store.ts'
import type { Switches } from './switches.ts'

const DAY_MS = 24 * 60 * 60 * 1000

export interface HotShards {
  /**
   * Returns the rows as they are stored. Rows past the limit of events of one distinct id and UTC
   * day get another name and lose their distinct id. Copies count; an event without a distinct id
   * does not.
   */
  rename(rows: readonly Row[], limit: Switches['hotShardEvents']): readonly Row[]
  clear(): void
}

/** Counts the events of each distinct id and day. */
export function createHotShards(): HotShards {
  const counts = new Map<string, number>()

  return {
    rename: (rows, limit) => rows.map((row) => (count(row) > most(limit) ? renamed(row) : row)),
    clear: () => counts.clear(),
  }

  function count({ distinctId, time }: Row): number {
    if (distinctId === '') return 0
    const key = `${Math.floor(time / DAY_MS)} ${distinctId}`
    const events = (counts.get(key) ?? 0) + 1
    counts.set(key, events)
    return events
  }
}

function most(limit: Switches['hotShardEvents']): number {
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : limit
}

function renamed(row: Row): Row {
  return { ...row, event: '$hotshard_events', distinctId: '', sentDistinctId: '' }
}
