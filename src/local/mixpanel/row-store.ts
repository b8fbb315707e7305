import { FAVOURED, type Switches } from './switches.ts'

const DAY_MS = 24 * 60 * 60 * 1000

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

/** What is taken for a copy of what. */
export type DedupRule = Pick<Switches, 'dedupDistinctId' | 'dedupDays'>

/** What a project holds. It outlives its stand-in when it is handed to the next one. */
export interface RowStore {
  add(rows: readonly Row[]): void
  /** Every accepted copy, in order of arrival: what a raw export returns. */
  rows(): readonly Row[]
  /** As queries see it: of copies alike in event, distinct id, time and insert id, the latest. */
  deduplicated(rule?: DedupRule): readonly Row[]
  /** As compaction leaves it: of copies alike in event, distinct id, insert id and UTC day. */
  compacted(rule?: DedupRule): readonly Row[]
  clear(): void
}

/** An empty store, in memory. */
export function createRowStore(): RowStore {
  let kept: Row[] = []

  return {
    add: (rows) => kept.push(...rows),
    rows: () => [...kept],
    deduplicated: (rule = FAVOURED) => latestOf(kept, queryKey, rule),
    compacted: (rule = FAVOURED) => latestOf(kept, compactionKey, rule),
    clear: () => {
      kept = []
    },
  }
}

type KeyOf = (row: Row, distinctId: string) => string

/** What comes too late to be a copy stands beside what it is alike to. */
function latestOf(rows: readonly Row[], keyOf: KeyOf, rule: DedupRule): readonly Row[] {
  const shown = new Map<string, Row[]>()
  for (const row of rows) {
    const key = keyOf(row, distinctIdOf(row, rule))
    const alike = shown.get(key) ?? []
    if (isCopy(row, alike.at(-1), rule)) alike.pop()
    alike.push(row)
    shown.set(key, alike)
  }
  return [...shown.values()].flat()
}

function isCopy({ receivedAt }: Row, earlier: Row | undefined, { dedupDays }: DedupRule): boolean {
  if (earlier === undefined) return false
  return dedupDays === 'unlimited' || receivedAt - earlier.receivedAt <= dedupDays * DAY_MS
}

function queryKey({ event, time, insertId }: Row, distinctId: string): string {
  return JSON.stringify([event, distinctId, time, insertId])
}

function compactionKey({ event, time, insertId }: Row, distinctId: string): string {
  const utcDay = new Date(time).toISOString().slice(0, 10)
  return JSON.stringify([event, distinctId, utcDay, insertId])
}

function distinctIdOf(row: Row, { dedupDistinctId }: DedupRule): string {
  return dedupDistinctId === 'resolved' ? row.distinctId : row.sentDistinctId
}
