import type { Row } from '../../src/local/mixpanel/row-store.ts'
import type { Letter } from './letters.ts'
import type { Fate } from './planned-event.ts'
import type { PlannedMessage } from './planned-message.ts'

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

/** Where the facts are looked up: what Mixpanel has, and what lies in the dead letters. */
export interface Facts {
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
  acked(key: MessageKey, readLetters: () => readonly Letter[]): void
  findings(facts: Facts): Findings
}

interface Expected {
  readonly key: MessageKey
  readonly mark: string
  readonly letterId: string
  readonly fate: Fate
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
    for (const { mark, line, child, fate } of planned.outcomes) {
      const letterId = letterName(key.subscription, idOf(key.messageId, line, child))
      const expected = { key, mark, letterId, fate, message, hasRow: false, hasLetter: false }
      message.expected.push(expected)
      byMark.set(mark, expected)
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

  function acked(key: MessageKey, readLetters: () => readonly Letter[]): void {
    const expected = messages.get(nameOf(key))?.expected ?? []
    if (expected.every(isSafe)) return
    note(readLetters())
    for (const one of expected) {
      if (!isSafe(one)) ackedEarly.push(`${one.mark}: ${nameOf(key)} was acked without it`)
    }
  }

  function note(letters: readonly Letter[]): void {
    for (const letter of letters) {
      const expected = byLetter.get(letterName(letter.subscription, letter.id))
      if (expected) expected.hasLetter = true
    }
  }

  function findings(facts: Facts): Findings {
    const queried = countByMark(facts.deduplicated())
    const compacted = countByMark(facts.compacted())
    const letters = new Map(
      facts.letters().map((one) => [letterName(one.subscription, one.id), one]),
    )
    const lost: string[] = []
    const doubled: string[] = []
    const astray = [...strangeRows(facts.deduplicated()), ...strangeLetters(letters.values())]
    for (const one of byMark.values()) {
      const { mark, fate } = one
      const rows = (isJudgedByDay(one) ? compacted : queried).get(mark) ?? 0
      const letter = letters.get(one.letterId)
      const [fewest, most] = rowsOf(fate)
      if (rows < fewest) lost.push(`${mark}: ${fate.kind}, and has no row`)
      if (rows > most) doubled.push(`${mark}: ${fate.kind}, and has ${rows} rows`)
      if (fate.kind === 'letter' && !letter) lost.push(`${mark}: ${fate.reason}, and has no letter`)
    }
    return { lost, doubled, astray, ackedEarly }
  }

  function strangeRows(rows: readonly Row[]): string[] {
    return rows.flatMap((row) => {
      const expected = byMark.get(markOf(row))
      if (!expected) return [`a row that was never published: ${row.event} ${row.insertId}`]
      const time = timeOf(expected)
      if (time === undefined || row.time === time) return []
      return [`${expected.mark}: its row is at ${row.time} and not at ${time}`]
    })
  }

  function strangeLetters(letters: Iterable<Letter>): string[] {
    return [...letters].flatMap((letter) => {
      const expected = byLetter.get(letterName(letter.subscription, letter.id))
      if (!expected) return [`a letter that was never published: ${letter.id} ${letter.reason}`]
      const { fate, mark } = expected
      const reason = 'reason' in fate ? fate.reason : 'none'
      if (reason === letter.reason) return []
      return [`${mark}: its letter says ${letter.reason} and not ${reason}: ${letter.detail}`]
    })
  }
}

/** Redelivered with another publish time, what takes its time from there has one row a day only. */
function isJudgedByDay({ fate, message }: Expected): boolean {
  return fate.kind === 'imported' && fate.at === 'publish_time' && message.publishTimes.size > 1
}

/** The moment its row must have, in epoch ms; `undefined` when it may have another. */
function timeOf({ fate, message }: Expected): number | undefined {
  if (fate.kind !== 'imported') return undefined
  if (fate.at !== 'publish_time') return fate.at
  const [publishTime = '', ...others] = message.publishTimes
  return others.length > 0 ? undefined : Date.parse(publishTime)
}

function rowsOf(fate: Fate): readonly [fewest: number, most: number] {
  switch (fate.kind) {
    case 'imported':
      return [1, 1]
    case 'up_to_mixpanel':
      return [0, fate.mostRows]
    case 'letter':
    case 'dropped':
      return [0, 0]
  }
}

function isSafe({ fate, hasRow, hasLetter }: Expected): boolean {
  switch (fate.kind) {
    case 'imported':
      return hasRow
    case 'letter':
      return hasLetter
    case 'dropped':
    case 'up_to_mixpanel':
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
function idOf(messageId: string, line: number, child: number): string {
  return child === 0 ? `${messageId}-${line}` : `${messageId}-${line}-${child}`
}

function letterName(subscription: string, id: string): string {
  return `${subscription} ${id}`
}

function nameOf({ subscription, messageId }: MessageKey): string {
  return `${subscription} ${messageId}`
}
