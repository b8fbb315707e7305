import { FAVOURED, type Switches } from './switches.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** The source of an event's place: its own properties, its `ip`, the request's address, or none. */
export type Location = 'own' | 'ip' | 'request' | 'none'

/** One accepted copy of an event. */
export interface Row {
  readonly event: string
  /** The resolved id: with Simplified ID merge, from `$user_id` or `$device_id`. */
  readonly distinctId: string
  /** The id as it was sent; `""` when absent. */
  readonly sentDistinctId: string
  readonly insertId: string
  /** Epoch ms, also when it was sent in seconds. */
  readonly time: number
  /** Parsed, with strings cut and `ip` removed: numbers above 2^53 are exact in `raw` only. */
  readonly properties: Readonly<Record<string, unknown>>
  readonly location: Location
  /** The event's JSON, byte for byte as it stood in the body. */
  readonly raw: string
  /** Epoch ms. */
  readonly receivedAt: number
}

/** The switches that decide which rows are copies of each other. */
export type DedupRule = Pick<Switches, 'dedupDistinctId' | 'dedupDays'>

/** The rows of a project. A store can be handed to the next stand-in. */
export interface RowStore {
  add(rows: readonly Row[]): void
  /** Every accepted copy, in order of arrival, as in a raw export. */
  rows(): readonly Row[]
  /** The rows of queries: the latest of copies equal in event, distinct id, time and insert id. */
  deduplicated(rule?: DedupRule): readonly Row[]
  /** The rows after compaction: the latest of copies equal in event, ids and UTC day. */
  compacted(rule?: DedupRule): readonly Row[]
  /** The last rows, in order of arrival. */
  last(count: number): readonly Row[]
  count(): number
  /**
   * The number of rows that `deduplicated` leaves out. A call looks at the rows since the last call,
   * and at all of them when the rule is another one.
   */
  copies(rule?: DedupRule): number
  clear(): void
}

/** Creates an empty store, in memory. */
export function createRowStore(): RowStore {
  let kept: Row[] = []
  let counted = countNoCopies(FAVOURED)

  return {
    add: (rows) => kept.push(...rows),
    rows: () => [...kept],
    deduplicated: (rule = FAVOURED) => keepLatest(kept, queryKey, rule),
    compacted: (rule = FAVOURED) => keepLatest(kept, compactionKey, rule),
    last: (count) => kept.slice(Math.max(0, kept.length - count)),
    count: () => kept.length,
    copies,
    clear: () => {
      kept = []
      counted = countNoCopies(FAVOURED)
    },
  }

  function copies(rule: DedupRule = FAVOURED): number {
    const { dedupDays, dedupDistinctId } = counted.rule
    const isSame = dedupDays === rule.dedupDays && dedupDistinctId === rule.dedupDistinctId
    if (!isSame) counted = countNoCopies(rule)
    for (; counted.rows < kept.length; counted.rows++) countRow(counted, kept[counted.rows])
    return counted.copies
  }
}

/** The copies among the first rows. */
interface Counted {
  readonly rule: DedupRule
  readonly latest: Map<string, Row>
  rows: number
  copies: number
}

function countNoCopies(rule: DedupRule): Counted {
  return { rule, latest: new Map(), rows: 0, copies: 0 }
}

function countRow(counted: Counted, row: Row | undefined): void {
  if (row === undefined) return
  const key = queryKey(row, distinctIdOf(row, counted.rule))
  if (isCopy(row, counted.latest.get(key), counted.rule)) counted.copies += 1
  counted.latest.set(key, row)
}

type KeyOf = (row: Row, distinctId: string) => string

/** Keeps the latest of equal rows. A row that arrives too late to be a copy is kept beside them. */
function keepLatest(rows: readonly Row[], keyOf: KeyOf, rule: DedupRule): readonly Row[] {
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
