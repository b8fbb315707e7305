import type { Row } from '../../src/local/mixpanel/row-store.ts'
import { saysSo } from './content.ts'
import type { Letter } from './letters.ts'
import type { Fate } from './planned-event.ts'
import type { PlannedMessage, PlannedOutcome } from './planned-message.ts'

/** Which message: two subscriptions of different topics may push messages of one id. */
export interface MessageKey {
  readonly subscription: string
  readonly messageId: string
}

/** What is not as it must be: one line each, with the mark of the event. */
export interface Findings {
  /** Good events with no row, bad ones with no letter. */
  readonly lost: readonly string[]
  /** Events with more than one row, where there should be one. */
  readonly doubled: readonly string[]
  /** Rows and letters that nothing published accounts for, or that say something else. */
  readonly astray: readonly string[]
  /** Messages that were acked before all their events were where they must be. */
  readonly ackedEarly: readonly string[]
}

/** What can be looked up at the moment of an ack. */
export interface FactsAtAck {
  /** The dead letters written since it was last asked. */
  readNewLetters(): readonly Letter[]
  /** Whether Mixpanel has ever dropped identity verbs in silence. */
  hasIgnoredVerbs(): boolean
}

/** Where the facts are looked up: what Mixpanel has, and what lies in the dead letters. */
export interface Facts extends FactsAtAck {
  /** As queries see them. */
  deduplicated(): readonly Row[]
  compacted(): readonly Row[]
  letters(): readonly Letter[]
}

/** What was published, and what has to become of it, event by event. */
export interface Books {
  published(key: MessageKey, message: PlannedMessage): void
  /** It is delivered under this publish time, most often its own. RFC 3339. */
  pushed(key: MessageKey, publishTime: string): void
  /** Rows that Mixpanel has just stored. */
  stored(rows: readonly Row[]): void
  /** Pub/Sub has just been told that it need not deliver the message again. */
  acked(key: MessageKey, facts: FactsAtAck): void
  findings(facts: Facts): Findings
}

interface Expected extends PlannedOutcome {
  readonly letterId: string
  readonly message: PublishedMessage
  hasRow: boolean
  hasLetter: boolean
}

interface PublishedMessage {
  readonly expected: Expected[]
  /** Under which it was delivered: one, unless a duplicate came with another. */
  readonly publishTimes: Set<string>
}

/** Empty books. */
export function createBooks(): Books {
  const messages = new Map<string, PublishedMessage>()
  const byMark = new Map<string, Expected>()
  const byLetter = new Map<string, Expected>()
  const ackedEarly: string[] = []

  return { published, pushed, stored, acked, findings }

  function published(key: MessageKey, planned: PlannedMessage): void {
    const message: PublishedMessage = { expected: [], publishTimes: new Set() }
    messages.set(nameOf(key), message)
    for (const outcome of planned.outcomes) {
      const letterId = letterName(key.subscription, idOf(key.messageId, outcome))
      const expected = { ...outcome, letterId, message, hasRow: false, hasLetter: false }
      message.expected.push(expected)
      byMark.set(outcome.mark, expected)
      byLetter.set(letterId, expected)
    }
  }

  function pushed(key: MessageKey, publishTime: string): void {
    messages.get(nameOf(key))?.publishTimes.add(publishTime)
  }

  function stored(rows: readonly Row[]): void {
    for (const row of rows) {
      const expected = byMark.get(markOf(row))
      if (expected) expected.hasRow = true
    }
  }

  function acked(key: MessageKey, facts: FactsAtAck): void {
    const expected = messages.get(nameOf(key))?.expected ?? []
    if (expected.every((one) => isSafe(one, facts))) return
    note(facts.readNewLetters())
    for (const one of expected) {
      if (!isSafe(one, facts)) ackedEarly.push(`${one.mark}: ${nameOf(key)} was acked without it`)
    }
  }

  function note(letters: readonly Letter[]): void {
    for (const letter of letters) {
      const expected = byLetter.get(nameOfLetter(letter))
      if (expected) expected.hasLetter = true
    }
  }

  function findings(facts: Facts): Findings {
    const queried = countByMark(facts.deduplicated())
    const compacted = countByMark(facts.compacted())
    const letters = facts.letters()
    const letterIds = new Set(letters.map(nameOfLetter))
    const lost: string[] = []
    const doubled: string[] = []
    const astray = [...facts.deduplicated().flatMap(oddRow), ...letters.flatMap(oddLetter)]
    for (const one of byMark.values()) {
      const rows = (isJudgedByDay(one) ? compacted : queried).get(one.mark) ?? 0
      const hasLetter = letterIds.has(one.letterId)
      const missing = missingOf(one, { rows, hasLetter, facts })
      if (missing !== undefined) lost.push(`${one.mark}: has no ${missing}`)
      if (rows > mostRowsOf(one)) doubled.push(`${one.mark}: ${one.fate.kind}, ${rows} rows`)
    }
    return { lost, doubled, astray, ackedEarly }
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
    if (reason === letter.reason) return odd
    return [...odd, `${mark}: its letter says ${letter.reason} and not ${reason}: ${letter.detail}`]
  }
}

/** Redelivered with another publish time, what takes its time from there has one row a day only. */
function isJudgedByDay({ fate, message }: Expected): boolean {
  return isAtPublishTime(fate) && message.publishTimes.size > 1
}

/** The moments its row may have, in epoch ms: where it is its own, no other. */
function timesOf({ fate, message }: Expected): readonly number[] {
  if ('at' in fate && fate.at !== 'publish_time') return [fate.at]
  const latest = ('atLatest' in fate && fate.atLatest) || Number.POSITIVE_INFINITY
  return [...message.publishTimes].map((text) => Math.min(Date.parse(text), latest))
}

function isAtPublishTime(fate: Fate): boolean {
  return fate.kind === 'imported' && fate.at === 'publish_time'
}

/** What is not there and must be. */
function missingOf(
  { fate }: Expected,
  found: { readonly rows: number; readonly hasLetter: boolean; readonly facts: Facts },
): string | undefined {
  const { rows, hasLetter, facts } = found
  switch (fate.kind) {
    case 'imported':
      return rows > 0 ? undefined : 'row'
    case 'letter':
      return hasLetter ? undefined : `letter: ${fate.reason}`
    case 'row_or_letter':
      return rows > 0 || hasLetter || facts.hasIgnoredVerbs() ? undefined : 'row and no letter'
    case 'letter_or_nothing':
    case 'dropped':
      return undefined
  }
}

/** One, and one more for each further day that its message was delivered under. */
function mostRowsOf(expected: Expected): number {
  const { fate } = expected
  if (isJudgedByDay(expected)) return new Set(timesOf(expected).map(dayOf)).size
  return fate.kind === 'imported' || fate.kind === 'row_or_letter' ? 1 : 0
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 'YYYY-MM-DD'.length)
}

function isSafe({ fate, hasRow, hasLetter }: Expected, facts: FactsAtAck): boolean {
  switch (fate.kind) {
    case 'imported':
      return hasRow
    case 'letter':
      return hasLetter
    case 'row_or_letter':
      return hasRow || hasLetter || facts.hasIgnoredVerbs()
    case 'dropped':
    case 'letter_or_nothing':
      return true
  }
}

function countByMark(rows: readonly Row[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(markOf(row), (counts.get(markOf(row)) ?? 0) + 1)
  return counts
}

function markOf({ properties }: Row): string {
  return String(properties.mark)
}

/** As design and README have it: message id, line, and child where there are several. */
function idOf(messageId: string, { line, child }: Pick<PlannedOutcome, 'line' | 'child'>): string {
  return child === 0 ? `${messageId}-${line}` : `${messageId}-${line}-${child}`
}

function nameOfLetter({ subscription, id }: Letter): string {
  return letterName(subscription, id)
}

function letterName(subscription: string, id: string): string {
  return `${subscription} ${id}`
}

function nameOf({ subscription, messageId }: MessageKey): string {
  return `${subscription} ${messageId}`
}
