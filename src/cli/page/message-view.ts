import { isUtf8 } from 'node:buffer'
import { gunzipSync } from 'node:zlib'
import { isGzip } from '../../decode/read-text.ts'
import type { Explained, ExplainedEvent } from './explain-message.ts'
import { markChanges, type Piece } from './marked-text.ts'
import type { RecentMessage } from './recent-messages.ts'

/** One event of a message, as the page shows it. */
export interface EventView {
  readonly line: number
  /** The place among the events that the mapping made of the line, from 1; 0 for the only one. */
  readonly child: number
  readonly outcome: 'imported' | 'dead_lettered' | 'dropped' | 'returned' | 'waiting' | 'not_found'
  readonly input: string
  /** The text after the mapping, where it is another one. */
  readonly made?: string
  readonly sent?: readonly Piece[]
  /** The copies that Mixpanel has. */
  readonly copies?: number
  /** The rule that dropped the event. */
  readonly rule?: string
  readonly reason?: string
  readonly field?: string
  readonly detail?: string
  /** The words of each rule that was asked. */
  readonly rules: readonly string[]
}

export interface MessageView {
  readonly messageId: string
  readonly publishTime: string
  readonly bytes: number
  readonly attributes: Readonly<Record<string, string>>
  readonly orderingKey?: string
  /** The beginning of the data, as text. */
  readonly text: string
  readonly deliveries: RecentMessage['deliveries']
  readonly events: readonly EventView[]
  readonly moreLines: number
  /** Why the events cannot be shown. */
  readonly note?: string
}

/** A dead letter, without its event. */
export interface LetterFacts {
  readonly reason: string
  readonly field?: string
  readonly detail: string
}

/** The things that are known of the events of a message. */
export interface Facts {
  /** Returns the dead letter of an id, if there is one. */
  readonly letter: (id: string) => LetterFacts | undefined
  /** Returns the copies of an event that Mixpanel has. */
  readonly copies: (insertId: string) => number
}

const MOST_TEXT = 4_000

/** Makes the view of a message from its explanation and what is known of its events. */
export function viewMessage(
  recent: RecentMessage,
  explained: Explained,
  facts: Facts,
): Omit<MessageView, 'note'> {
  const { messageId, publishTime, data, attributes, orderingKey } = recent.message
  const whole = facts.letter(`${messageId}-0`)
  const view = (event: ExplainedEvent) => viewEvent(event, recent, facts, whole)
  return {
    messageId,
    publishTime,
    bytes: data.length,
    attributes,
    ...(orderingKey !== undefined && { orderingKey }),
    text: previewOf(data),
    deliveries: recent.deliveries,
    events:
      explained.undecodable === undefined
        ? explained.events.map(view)
        : [
            {
              line: 0,
              child: 0,
              input: '',
              rules: [],
              ...endOf(recent, whole, explained.undecodable),
            },
          ],
    moreLines: explained.moreLines,
  }
}

function viewEvent(
  event: ExplainedEvent,
  recent: RecentMessage,
  facts: Facts,
  whole: LetterFacts | undefined,
): EventView {
  const { line, child, candidate, step, rules } = event
  const input = line?.text ?? ''
  const isMade = candidate !== undefined && candidate.text !== input
  const shown = {
    line: line?.number ?? 0,
    child,
    input: cut(input),
    rules,
    ...(isMade && { made: cut(candidate.text) }),
    ...(step.kind === 'prepared' && { sent: markChanges(step.text, candidate?.text) }),
  }
  if (step.kind === 'prepared') {
    const copies = facts.copies(step.insertId)
    if (copies > 0) return { ...shown, outcome: 'imported', copies }
  }
  const id = `${recent.message.messageId}-${shown.line}`
  const letter = facts.letter(child === 0 ? id : `${id}-${child}`) ?? whole
  if (step.kind === 'dropped') {
    const end = endOf(recent, undefined)
    const outcome = end.outcome === 'not_found' ? 'dropped' : end.outcome
    return { ...shown, ...end, outcome, rule: step.rule }
  }
  return { ...shown, ...endOf(recent, letter, step.kind === 'rejected' ? step : undefined) }
}

type End = Pick<EventView, 'outcome' | 'reason' | 'field' | 'detail'>

/** Returns the end of an event that Mixpanel does not have. */
function endOf(
  { deliveries }: RecentMessage,
  letter: LetterFacts | undefined,
  rejected?: LetterFacts,
): End {
  if (letter !== undefined) return { outcome: 'dead_lettered', ...factsOf(letter) }
  const last = deliveries.at(-1)
  const expected = rejected === undefined ? {} : factsOf(rejected)
  if (last === undefined) return { outcome: 'waiting', ...expected }
  if (last.settlement === 'nack') {
    return { outcome: 'returned', ...expected, reason: last.code ?? last.answer }
  }
  return { outcome: 'not_found', ...expected }
}

function factsOf({ reason, field, detail }: LetterFacts): LetterFacts {
  return { reason, detail, ...(field !== undefined && { field }) }
}

/** Returns the beginning of the data as text: inflated, when it is gzip. */
function previewOf(data: Buffer): string {
  const bytes = isGzip(data) ? inflatedBeginning(data) : data.subarray(0, MOST_TEXT)
  // The cut may have gone through a character.
  const isText = bytes.length === MOST_TEXT || isUtf8(bytes)
  return isText ? cut(bytes.toString('utf8')) : `(${data.length} bytes that are no text)`
}

function inflatedBeginning(data: Buffer): Buffer {
  try {
    return gunzipSync(data, { maxOutputLength: 1024 * 1024 }).subarray(0, MOST_TEXT)
  } catch {
    return Buffer.from('(gzip that is damaged, or long)')
  }
}

function cut(text: string): string {
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text
}
