import { type FindingKind, isBad, isWarning, type Remark, WARNINGS } from './finding.ts'

/** The number of events, and of those that have findings. */
export interface Totals {
  readonly events: number
  /** The events without any finding. */
  readonly good: number
  /** The events with a finding of each kind, in the order of the kinds. A kind without any is absent. */
  readonly kinds: ReadonlyMap<FindingKind, number>
  /** The findings that were not shown, by kind. */
  readonly hidden: ReadonlyMap<FindingKind, number>
}

/** Counts events and their findings. */
export interface Tally {
  /** Counts one event. Returns the remarks that are to be shown. */
  add(remarks: readonly Remark[]): readonly Remark[]
  totals(): Totals
}

const ORDER: readonly FindingKind[] = ['changed', 'dropped', ...WARNINGS, 'not_json', 'rejected']
const NONE: readonly Remark[] = []

/** Makes a tally that shows at most `limit` findings of each kind. */
export function createTally(limit: number): Tally {
  const eventsOf = new Map<FindingKind, number>()
  const findingsOf = new Map<FindingKind, number>()
  let events = 0
  let good = 0

  return { add, totals }

  function add(remarks: readonly Remark[]): readonly Remark[] {
    events += 1
    if (remarks.length === 0) {
      good += 1
      return NONE
    }
    for (const kind of new Set(remarks.map((remark) => remark.kind))) raise(eventsOf, kind)
    return remarks.filter(({ kind }) => raise(findingsOf, kind) <= limit)
  }

  function totals(): Totals {
    const kinds = ORDER.flatMap((kind) => entryOf(kind, eventsOf.get(kind) ?? 0))
    const hidden = ORDER.flatMap((kind) => entryOf(kind, (findingsOf.get(kind) ?? 0) - limit))
    return { events, good, kinds: new Map(kinds), hidden: new Map(hidden) }
  }
}

/** Whether the totals deserve the exit code 1. `strict` counts warnings, too. */
export function areBad({ kinds }: Totals, mode: 'usual' | 'strict'): boolean {
  return [...kinds.keys()].some((kind) => isBad(kind) || (mode === 'strict' && isWarning(kind)))
}

function raise(counts: Map<FindingKind, number>, kind: FindingKind): number {
  const count = (counts.get(kind) ?? 0) + 1
  counts.set(kind, count)
  return count
}

function entryOf(kind: FindingKind, count: number): (readonly [FindingKind, number])[] {
  return count > 0 ? [[kind, count]] : []
}
