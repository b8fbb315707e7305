/** One accepted copy of an event. */
export interface Row {
  readonly event: string
  /** As the project resolves it: with Simplified ID merge, from `$user_id` or `$device_id`. */
  readonly distinctId: string
  readonly insertId: string
  /** Epoch ms, whatever the unit it was sent in. */
  readonly time: number
  /** Parsed, with strings cut to 255 characters: numbers above 2^53 are exact in `raw` only. */
  readonly properties: Readonly<Record<string, unknown>>
  /** The event's JSON, byte for byte as it stood in the body. */
  readonly raw: string
  /** Epoch ms. */
  readonly receivedAt: number
}

/** What a project holds. It outlives its stand-in when it is handed to the next one. */
export interface RowStore {
  add(rows: readonly Row[]): void
  /** Every accepted copy, in order of arrival: what a raw export returns. */
  rows(): readonly Row[]
  /** As queries see it: of copies alike in event, distinct id, time and insert id, the latest. */
  deduplicated(): readonly Row[]
  /** As compaction leaves it: of copies alike in event, distinct id, insert id and UTC day. */
  compacted(): readonly Row[]
  clear(): void
}

/** An empty store, in memory. */
export function createRowStore(): RowStore {
  let kept: Row[] = []

  return {
    add: (rows) => kept.push(...rows),
    rows: () => [...kept],
    deduplicated: () => latestOf(kept, queryKey),
    compacted: () => latestOf(kept, compactionKey),
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

function queryKey({ event, distinctId, time, insertId }: Row): string {
  return JSON.stringify([event, distinctId, time, insertId])
}

function compactionKey({ event, distinctId, time, insertId }: Row): string {
  const utcDay = new Date(time).toISOString().slice(0, 10)
  return JSON.stringify([event, distinctId, utcDay, insertId])
}
