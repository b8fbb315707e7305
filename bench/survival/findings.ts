import type { Row } from '../../src/local/mixpanel/row-store.ts'
import { saysSo } from './content.ts'
import { type Expected, type Facts, markOf, nameOfLetter } from './expected.ts'
import type { Letter } from './letters.ts'
import { isAtPublishTime } from './planned-event.ts'

/** The violations found: one line each, with the mark of the event. */
export interface Findings {
  /** Good events without a row, and bad ones without a letter. */
  readonly lost: readonly string[]
  /** Events with more rows than they may have. */
  readonly doubled: readonly string[]
  /** Rows and letters of no published event, or with other content. */
  readonly astray: readonly string[]
  /** Messages that were acked before all their events were stored. */
  readonly ackedEarly: readonly string[]
  /** Good events that Mixpanel's faults refused as often as it takes to make them dead letters. */
  readonly believed: readonly string[]
}

interface Known {
  readonly byMark: ReadonlyMap<string, Expected>
  readonly byLetter: ReadonlyMap<string, Expected>
}

/** The texts with which the stand-in refuses good events during a passing fault. */
const WORDS_OF_FAULTS: readonly string[] = [
  'the batch was refused',
  'something went wrong',
  '200, 0 imported',
]
const DECODER_WORDS = 'json decode error at element idx'

/** Checks each event, each row and each letter. */
export function collectFindings(
  { byMark, byLetter }: Known,
  facts: Facts,
): Omit<Findings, 'ackedEarly'> {
  const rows = facts.deduplicated()
  const queried = countByMark(rows)
  const compacted = countByMark(facts.compacted())
  const letters = facts.letters()
  const letterIds = new Set(letters.map(nameOfLetter))
  const lost: string[] = []
  const doubled: string[] = []
  const astray = [...rows.flatMap(oddRow), ...letters.flatMap(oddLetter)]
  for (const one of byMark.values()) {
    const count = (isJudgedByDay(one) ? compacted : queried).get(one.mark) ?? 0
    const hasLetter = one.letterIds.some((id) => letterIds.has(id))
    const missing = findMissing(one, { rows: count, hasLetter, facts })
    if (missing !== undefined) lost.push(`${one.mark}: ${count} rows, has no ${missing}`)
    if (count > mostRowsOf(one, facts)) doubled.push(`${one.mark}: ${one.fate.kind}, ${count} rows`)
  }
  return { lost, doubled, astray, believed: [...new Set(letters.flatMap(believedIn))] }

  function believedIn(letter: Letter): readonly string[] {
    const { fate, mark } = byLetter.get(nameOfLetter(letter)) ?? {}
    return mark !== undefined && isWordOfFault(fate?.kind, letter) ? [mark] : []
  }

  function oddRow(row: Row): readonly string[] {
    const expected = byMark.get(markOf(row))
    if (!expected) return [`a row that was never published: ${row.event} ${row.insertId}`]
    const { mark, content } = expected
    const odd = saysSo(row, content) ? [] : [`${mark}: its row says ${row.raw} and not ${content}`]
    const times = timesOf(expected)
    if (times.includes(row.time)) return odd
    return [...odd, `${mark}: its row is at ${row.time} and not at ${times.join(' or ')}`]
  }

  function oddLetter(letter: Letter): readonly string[] {
    const expected = byLetter.get(nameOfLetter(letter))
    if (!expected) return [`a letter that was never published: ${letter.id} ${letter.reason}`]
    const { fate, mark, published } = expected
    const reason = 'reason' in fate ? fate.reason : 'none'
    const odd = letter.published === published ? [] : [`${mark}: its letter holds another text`]
    if (reason === letter.reason || isWordOfFault(fate.kind, letter)) return odd
    return [...odd, `${mark}: its letter says ${letter.reason} and not ${reason}: ${letter.detail}`]
  }
}

/** Whether a good event is a dead letter because Mixpanel repeated its refusal: an allowed cost. */
function isWordOfFault(kind: string | undefined, { reason, detail }: Letter): boolean {
  if (kind !== 'imported' || reason !== 'refused_by_mixpanel') return false
  return WORDS_OF_FAULTS.includes(detail) || detail.startsWith(DECODER_WORDS)
}

/** Whether an event without a time was delivered with two publish times: it has one row a day. */
function isJudgedByDay(expected: Expected): boolean {
  return isAtPublishTime(expected.fate) && publishTimesOf(expected).size > 1
}

function publishTimesOf({ messages }: Expected): ReadonlySet<string> {
  return new Set(messages.flatMap(({ publishTimes }) => [...publishTimes]))
}

/** The allowed times of its row, in epoch ms: its own, or else those of its deliveries. */
function timesOf(expected: Expected): readonly number[] {
  const { fate } = expected
  if ('at' in fate && fate.at !== 'publish_time') return [fate.at]
  const latest = ('atLatest' in fate && fate.atLatest) || Number.POSITIVE_INFINITY
  return [...publishTimesOf(expected)].map((text) => Math.min(Date.parse(text), latest))
}

/** The required row or letter that is missing; `undefined` when none is. */
function findMissing(
  { fate, least, messages }: Expected,
  found: { readonly rows: number; readonly hasLetter: boolean; readonly facts: Facts },
): string | undefined {
  const { rows, facts } = found
  const hasLetter = found.hasLetter || messages.some(({ isForwarded }) => isForwarded)
  switch (fate.kind) {
    case 'imported':
      return rows >= least || hasLetter ? undefined : 'row'
    case 'letter':
      if (!hasLetter) return `letter: ${fate.reason}`
      return rows === 0 && 'at' in fate && facts.isMended() ? 'row, though mended' : undefined
    case 'row_or_letter':
      return rows > 0 || hasLetter || facts.hasIgnoredVerbs() ? undefined : 'row and no letter'
    case 'letter_or_nothing':
    case 'dropped':
      return undefined
  }
}

/** The most rows allowed: `most`, for each day of its delivered publish times. */
function mostRowsOf(expected: Expected, facts: Facts): number {
  const { fate, most } = expected
  const days = isJudgedByDay(expected) ? new Set(timesOf(expected).map(dayOf)).size : 1
  switch (fate.kind) {
    case 'imported':
    case 'row_or_letter':
      return most * days
    case 'letter':
      return 'at' in fate && facts.isMended() ? most * days : 0
    case 'letter_or_nothing':
    case 'dropped':
      return 0
  }
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 'YYYY-MM-DD'.length)
}

function countByMark(rows: readonly Row[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(markOf(row), (counts.get(markOf(row)) ?? 0) + 1)
  return counts
}
