import type { Row } from '../../src/local/mixpanel/row-store.ts'
import {
  type Expected,
  type Facts,
  type FactsAtAck,
  letterName,
  markOf,
  nameOfLetter,
  type PublishedMessage,
} from './expected.ts'
import { collectFindings, type Findings } from './findings.ts'
import type { Letter } from './letters.ts'
import { isAtPublishTime } from './planned-event.ts'
import type { PlannedMessage, PlannedOutcome } from './planned-message.ts'
import type { Setting } from './setting.ts'

/** A message's key. Two subscriptions of different topics may push messages with the same id. */
export interface MessageKey {
  readonly subscription: string
  readonly messageId: string
}

/** The published events, and the required fate of each. */
export interface ExpectedFates {
  published(key: MessageKey, message: PlannedMessage): void
  /** Notes that a dead-letter policy published the same events again as a copy. */
  copied(copy: MessageKey, original: MessageKey): void
  /** Notes a delivery with this publish time, usually the message's own. RFC 3339. */
  pushed(key: MessageKey, publishTime: string): void
  /** Notes rows that Mixpanel has just stored. */
  stored(rows: readonly Row[]): void
  /** Notes an ack: Pub/Sub will not deliver the message again. */
  acked(key: MessageKey, facts: FactsAtAck): void
  /** Notes that a dead-letter policy took the message: its copy is the letter of all its events. */
  forwarded(key: MessageKey): void
  /** Whether Mixpanel can take every event of a message. */
  isGood(key: MessageKey): boolean
  findings(facts: Facts): Findings
}

/** Creates an empty set of expected fates, for a service that derives insert ids in this way. */
export function createExpectedFates({ ids }: Pick<Setting, 'ids'>): ExpectedFates {
  const messages = new Map<string, PublishedMessage>()
  const byMark = new Map<string, Expected>()
  const byLetter = new Map<string, Expected>()
  const ackedEarly: string[] = []

  return { published, copied, pushed, stored, acked, forwarded, isGood, findings }

  function published(key: MessageKey, planned: PlannedMessage): void {
    const message = open(key)
    for (const outcome of planned.outcomes) {
      const expected = byMark.get(outcome.mark) ?? firstOf(outcome)
      const isOneMore = !isOneWith(expected, message)
      if (isOneMore) expected.least += 1
      if (isOneMore) expected.most += 1
      enter(expected, message, key)
    }
  }

  function firstOf(outcome: PlannedOutcome): Expected {
    const counts = { least: 0, most: 0, hasRow: false, hasLetter: false }
    const expected = { ...outcome, ...counts, letterIds: [], messages: [] }
    byMark.set(outcome.mark, expected)
    return expected
  }

  /** Whether equal events of different messages have one id, as with ids from the content. */
  function isOneWith(expected: Expected, message: PublishedMessage): boolean {
    const isFirst = expected.messages.length === 0 || expected.messages.includes(message)
    return !isFirst && !hasIdOfMessage(expected)
  }

  /** Whether the event's id depends on the id of its message. */
  function hasIdOfMessage({ fate, derivesId }: Expected): boolean {
    return derivesId && (ids === 'message' || isAtPublishTime(fate))
  }

  function open(key: MessageKey): PublishedMessage {
    const message = { expected: [], publishTimes: new Set<string>(), isForwarded: false }
    messages.set(nameOf(key), message)
    return message
  }

  function enter(expected: Expected, message: PublishedMessage, key: MessageKey): void {
    const letterId = letterName(key.subscription, idOf(key.messageId, expected))
    expected.letterIds.push(letterId)
    byLetter.set(letterId, expected)
    if (!expected.messages.includes(message)) expected.messages.push(message)
    message.expected.push(expected)
  }

  function copied(copyKey: MessageKey, key: MessageKey): void {
    const original = messages.get(nameOf(key))
    if (original === undefined) return
    original.isForwarded = false
    const copy = open(copyKey)
    for (const expected of original.expected) {
      // By design: the copy has another message id.
      if (hasIdOfMessage(expected)) expected.most += 1
      enter(expected, copy, copyKey)
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

  function forwarded(key: MessageKey): void {
    const message = messages.get(nameOf(key))
    if (message) message.isForwarded = true
  }

  function isGood(key: MessageKey): boolean {
    const { expected = [] } = messages.get(nameOf(key)) ?? {}
    return expected.every(({ fate }) => fate.kind === 'imported' || fate.kind === 'dropped')
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
    return { ...collectFindings({ byMark, byLetter }, facts), ackedEarly }
  }
}

function isSafe({ fate, hasRow, hasLetter }: Expected, facts: FactsAtAck): boolean {
  switch (fate.kind) {
    case 'imported':
      return hasRow || hasLetter
    case 'letter':
      return hasLetter
    case 'row_or_letter':
      return hasRow || hasLetter || facts.hasIgnoredVerbs()
    case 'dropped':
    case 'letter_or_nothing':
      return true
  }
}

/** The id in design and README: message id, line, and child when a line has several. */
function idOf(messageId: string, { line, child }: Pick<PlannedOutcome, 'line' | 'child'>): string {
  return child === 0 ? `${messageId}-${line}` : `${messageId}-${line}-${child}`
}

function nameOf({ subscription, messageId }: MessageKey): string {
  return `${subscription} ${messageId}`
}
