/** By what an event is placed: its own properties, its `ip`, the sender's address, or nothing. */
export type Location = 'own' | 'ip' | 'request' | 'none'

/** One accepted copy of an event. */
export interface Row {
  readonly event: string
  /** As the project resolves it: with Simplified ID merge, from `$user_id` or `$device_id`. */
  readonly distinctId: string
  /** As it was sent; `""` when it was not. */
  readonly sentDistinctId: string
  readonly insertId: string
  /** Epoch ms, whatever the unit it was sent in. */
  readonly time: number
  /** Parsed, with strings cut and `ip` gone: numbers above 2^53 are exact in `raw` only. */
  readonly properties: Readonly<Record<string, unknown>>
  readonly location: Location
  /** The event's JSON, byte for byte as it stood in the body. */
  readonly raw: string
  /** Epoch ms. */
  readonly receivedAt: number
}

/** Which distinct id tells copies apart; the resolved one unless told otherwise. */
export type DistinctIdOf = 'resolved' | 'sent'

/** What a project holds. It outlives its stand-in when it is handed to the next one. */
export interface RowStore {
  add(rows: readonly Row[]): void
  /** Every accepted copy, in order of arrival: what a raw export returns. */
  rows(): readonly Row[]
  /** As queries see it: of copies alike in event, distinct id, time and insert id, the latest. */
  deduplicated(by?: DistinctIdOf): readonly Row[]
  /** As compaction leaves it: of copies alike in event, distinct id, insert id and UTC day. */
  compacted(by?: DistinctIdOf): readonly Row[]
  clear(): void
}

/** An empty store, in memory. */
export function createRowStore(): RowStore {
  let kept: Row[] = []

  return {
    add: (rows) => kept.push(...rows),
    rows: () => [...kept],
    deduplicated: (by = 'resolved') => latestOf(kept, (row) => queryKey(row, by)),
    compacted: (by = 'resolved') => latestOf(kept, (row) => compactionKey(row, by)),
    clear: () => {
      kept = []
    },
  }
}

function latestOf(rows: readonly Row[], keyOf: (row: Row) => string): readonly Row[] {
  const latest = new Map<string, Row>()
  for (const row of rows) latest.set(keyOf(row), row)
  return [...latest.values()]
}

function queryKey(row: Row, by: DistinctIdOf): string {
  const { event, time, insertId } = row
  return JSON.stringify([event, distinctIdOf(row, by), time, insertId])
}

function compactionKey(row: Row, by: DistinctIdOf): string {
  const { event, time, insertId } = row
  const utcDay = new Date(time).toISOString().slice(0, 10)
  return JSON.stringify([event, distinctIdOf(row, by), utcDay, insertId])
}

function distinctIdOf({ distinctId, sentDistinctId }: Row, by: DistinctIdOf): string {
  return by === 'resolved' ? distinctId : sentDistinctId
}
