import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import { countText, numberText } from '../frame/count-text.ts'
import { visibleText } from '../frame/visible-text.ts'
import type { LetterSource } from './letter-source.ts'
import type { Fault } from './verdict.ts'

/** Counts letters by how a replay ends or would end for them, and the faults that they have. */
export interface ReplayReport<End extends string> {
  add(letter: StoredLetter, end: End, fault: Fault | undefined): void
  count(end: End): number
  letters(): number
  text(): string
  json(): Readonly<Record<string, unknown>>
}

interface Row {
  readonly fault: Fault
  /** The id of the first letter. */
  readonly id: string
  letters: number
}

/** The rows that are held. Faults of further kinds are counted together. */
const MOST_ROWS = 20
const OTHERS: Fault = { title: 'other faults' }
const LONGEST_DETAIL = 120

/** Makes a report that names the ends in this order. `source` is where its letters are. */
export function createReplayReport<End extends string>(
  ends: readonly End[],
  { place }: Pick<LetterSource, 'place'>,
): ReplayReport<End> {
  // A folder may be the one of DEAD_LETTER; a subscription is always named.
  const show = 'subscription' in place ? `show --from ${place.subscription}` : 'show'
  const counts = new Map<End, number>()
  const rows = new Map<string, Row>()

  return { add, count, letters, text, json }

  function add({ id }: StoredLetter, end: End, fault: Fault | undefined): void {
    counts.set(end, count(end) + 1)
    if (fault) rowOf(fault, id).letters += 1
  }

  function rowOf(fault: Fault, id: string): Row {
    const known = rows.get(fault.title)
    if (known) return known
    if (rows.size >= MOST_ROWS && fault !== OTHERS) return rowOf(OTHERS, id)
    const row = { fault, id, letters: 0 }
    rows.set(fault.title, row)
    return row
  }

  function count(end: End): number {
    return counts.get(end) ?? 0
  }

  function letters(): number {
    return ends.reduce((sum, end) => sum + count(end), 0)
  }

  function text(): string {
    const named = ends.filter((end) => count(end) > 0)
    const parts = named.map((end) => `${numberText(count(end))} ${end}`)
    const sum = [countText(letters(), 'letter'), parts.join(' · ')].join('   ').trimEnd()
    const sorted = sortedRows()
    const width = Math.max(0, ...sorted.map((row) => numberText(row.letters).length))
    return [sum, ...sorted.map((row) => rowText(row, width, show))].join('\n')
  }

  function json(): Readonly<Record<string, unknown>> {
    const named = ends.map((end) => [end.replaceAll(' ', '_'), count(end)])
    const faults = sortedRows().map(({ fault, ...row }) => ({ ...row, ...fault }))
    return { letters: letters(), ...Object.fromEntries(named), faults }
  }

  function sortedRows(): readonly Row[] {
    return [...rows.values()].toSorted((one, other) => other.letters - one.letters)
  }
}

function rowText({ fault, id, letters }: Row, width: number, show: string): string {
  const { title, detail = '' } = fault
  const cut = detail.length > LONGEST_DETAIL ? `${detail.slice(0, LONGEST_DETAIL - 1)}…` : detail
  const what = visibleText(cut === '' ? title : `${title}: ${cut}`)
  return `  ${numberText(letters).padStart(width)}  ${what}   (see: dead-letters ${show} ${visibleText(id)})`
}
