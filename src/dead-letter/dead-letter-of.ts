import { isUtf8 } from 'node:buffer'
import { cutToBytes } from '../lib/cut-to-bytes.ts'
import type { DeadLetter, DeadLetterMessage, RejectedMany } from '../model/dead-letter.ts'
import type { Line, PreparedEvent } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import type { Rejected } from '../model/outcome.ts'

/** A rejected event, or a message that was rejected as a whole. */
export interface RejectedEvent {
  readonly message: Message
  /** The line; absent when the message as a whole was rejected. */
  readonly line?: Line
  /** 0 for a single event; 1, 2, … for the children of a transform. */
  readonly child: number
  /** The number of children; absent for a single event. */
  readonly children?: number
  /** The event's place among the equal lines of the message, from 2; absent for the first. */
  readonly ordinal?: number | undefined
  readonly outcome: Rejected
  /** The insert id and time of the prepared event; absent when it was rejected before. */
  readonly prepared?: Pick<PreparedEvent, 'insertId' | 'time'>
  /** Epoch ms. */
  readonly deadLetteredAt: number
}

/** The most bytes of a text for people. A transform or Mixpanel may give a longer one. */
const MAX_TEXT_BYTES = 1_024

/** Makes the letter of a rejected event. It holds the event as it was published. */
export function deadLetterOf(rejectedEvent: RejectedEvent): DeadLetter {
  const { message, outcome, prepared, deadLetteredAt, ordinal } = rejectedEvent
  const { child, children } = rejectedEvent
  return {
    id: idOf(rejectedEvent),
    deadLetteredAt: new Date(deadLetteredAt).toISOString(),
    reason: outcome.reason,
    ...(outcome.field !== undefined && { field: cutToBytes(outcome.field, MAX_TEXT_BYTES) }),
    detail: cutToBytes(outcome.detail, MAX_TEXT_BYTES),
    ...contentOf(rejectedEvent),
    stage: 'published',
    line: lineNumberOf(rejectedEvent),
    ...(ordinal !== undefined && { ordinal }),
    ...(children !== undefined && { child, children }),
    ...(prepared && { insertId: prepared.insertId, time: prepared.time }),
    replays: message.replay ? message.replay.replays + 1 : 0,
    message: withoutData(message),
  }
}

/** Returns the text of the event, or the bytes in base64 when they are not text. */
function contentOf({ line, message }: RejectedEvent): Pick<DeadLetter, 'event' | 'data'> {
  if (!line) return { data: message.data }
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
export function letterOfMany(
  message: Message,
  { events, lines, reasons, field }: RejectedMany,
  deadLetteredAt: number,
): DeadLetter {
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

function textOrDataOf({ data }: Message): Pick<DeadLetter, 'event' | 'data'> {
  const bytes = Buffer.from(data, 'base64')
  const isText = bytes.length <= MAX_TEXT_OF_MESSAGE_BYTES && isUtf8(bytes)
  return isText ? { event: bytes.toString() } : { data }
}

function idOf(rejectedEvent: RejectedEvent): string {
  const { message, child } = rejectedEvent
  const id = `${message.messageId}-${lineNumberOf(rejectedEvent)}`
  return child === 0 ? id : `${id}-${child}`
}

/**
 * Returns the number of the line. A replay that cannot be read any more has the line of its event.
 */
function lineNumberOf({ line, message }: RejectedEvent): number {
  return line?.number ?? message.replay?.line ?? 0
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
