import { isUtf8 } from 'node:buffer'
import { bytesOf } from '../lib/base64.ts'
import { cutToBytes } from '../lib/cut-to-bytes.ts'
import type { DeadLetterMessage, LetterToStore, RejectedMany } from '../model/dead-letter.ts'
import type { Message } from '../model/message.ts'
import type { RejectedEvent } from '../model/pending-event.ts'

/** The most bytes of a text for people. A transform or Mixpanel may give a longer one. */
const MAX_TEXT_BYTES = 1_024

/**
 * Makes the letter of a rejected event, or of a message that was rejected as a whole. It holds the
 * event as it was published. The time is in epoch ms.
 */
export function makeDeadLetter(
  message: Message,
  event: RejectedEvent,
  deadLetteredAt: number,
): LetterToStore {
  const { child, children, outcome, prepared } = event
  const ordinal = Math.max(message.replay?.ordinal ?? 1, event.ordinal)
  return {
    id: idOf(message, event),
    deadLetteredAt: new Date(deadLetteredAt).toISOString(),
    reason: outcome.reason,
    ...(outcome.field !== undefined && { field: cutToBytes(outcome.field, MAX_TEXT_BYTES) }),
    detail: cutToBytes(outcome.detail, MAX_TEXT_BYTES),
    ...contentOf(message, event),
    stage: 'published',
    line: lineNumberOf(message, event),
    ...(ordinal > 1 && { ordinal }),
    ...(children !== undefined && { child, children }),
    ...(prepared && { insertId: prepared.insertId, time: prepared.time }),
    replays: message.replay ? message.replay.replays + 1 : 0,
    message: withoutData(message),
  }
}

/** Returns the text of the event, or the bytes in base64 when they are not text. */
function contentOf(
  { data }: Message,
  { line }: RejectedEvent,
): Pick<LetterToStore, 'event' | 'data'> {
  if (!line) return { data }
  return line.data === undefined ? { event: line.text } : { data: line.data }
}

/**
 * The size beyond which a text is stored as published data: in a letter it would be in memory four
 * times.
 */
const MAX_TEXT_OF_MESSAGE_BYTES = 1024 * 1024

/**
 * Makes the one letter for many rejected events. It holds their whole message. The time is in epoch
 * ms.
 */
export function makeLetterOfMany(
  message: Message,
  { events, lines, reasons, field }: RejectedMany,
  deadLetteredAt: number,
): LetterToStore {
  const counts = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`)
  const first = field === undefined ? '' : `; first field: ${field}`
  const line = message.replay?.line ?? 0
  return {
    id: `${message.messageId}-${line}`,
    deadLetteredAt: new Date(deadLetteredAt).toISOString(),
    reason: 'too_many_rejected',
    detail: cutToBytes(
      `${events === 1 ? '1 event was' : `${events} events were`} rejected: ${counts.join(', ')}${first}`,
      MAX_TEXT_BYTES,
    ),
    ...textOrDataOf(message),
    stage: 'published',
    line,
    events,
    lines,
    replays: message.replay ? message.replay.replays + 1 : 0,
    message: withoutData(message),
  }
}

function textOrDataOf({ data }: Message): Pick<LetterToStore, 'event' | 'data'> {
  const bytes = bytesOf(data)
  const isText = bytes.length <= MAX_TEXT_OF_MESSAGE_BYTES && isUtf8(bytes)
  return isText ? { event: bytes.toString() } : { data }
}

function idOf(message: Message, event: RejectedEvent): string {
  const id = `${message.messageId}-${lineNumberOf(message, event)}`
  return event.child === 0 ? id : `${id}-${event.child}`
}

/**
 * Returns the number of the line. A replay that cannot be read any more has the line of its event.
 */
function lineNumberOf({ replay }: Message, { line }: RejectedEvent): number {
  return line?.number ?? replay?.line ?? 0
}

function withoutData(message: Message): DeadLetterMessage {
  const { messageId, publishTime, subscription, orderingKey, attributes, deliveryAttempt } = message
  return {
    messageId,
    ...(publishTime !== undefined && { publishTime }),
    subscription,
    ...(orderingKey !== undefined && { orderingKey }),
    attributes,
    ...(deliveryAttempt !== undefined && { deliveryAttempt }),
  }
}
