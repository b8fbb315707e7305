import { isUtf8 } from 'node:buffer'
import { bytesOf } from '../lib/base64.ts'
import type { DeadLetterMessage, LetterToStore } from '../model/dead-letter.ts'
import type { DecodedLines, Line } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import type { RejectedEvent } from '../model/pending-event.ts'

/** The parts of a letter that hold something of what was published. */
export interface LetterParts {
  /** The text or the bytes; neither when the letter is stored without its content. */
  readonly content: Pick<LetterToStore, 'event' | 'data'>
  readonly stage: LetterToStore['stage']
  readonly detail: string
  readonly about: DeadLetterMessage
}

/** Returns the parts of the letter of one rejected event. */
export type EventForm = (message: Message, event: RejectedEvent) => LetterParts

/** The parts of a letter that holds a whole message. */
export type WholeParts = Omit<LetterParts, 'detail'>

/** The form of the letters of one service. */
export interface LetterForm {
  readonly ofEvent: EventForm
  /** Returns the parts of a letter that holds a whole message, whose data has these lines. */
  ofMessage(message: Message, decoded: DecodedLines): WholeParts | Promise<WholeParts>
}

/**
 * The size beyond which a text is stored as published data: in a letter it would be in memory four
 * times.
 */
export const MAX_TEXT_OF_MESSAGE_BYTES = 1024 * 1024

/** The form of a letter that holds the event as it was published. */
export const publishedForm: EventForm = (message, { line, outcome }) => ({
  content: publishedContent(message, line),
  stage: stageOf(message),
  detail: outcome.detail,
  about: withoutData(message),
})

/** Returns the text of a line, or the bytes in base64 when they are not text. */
export function publishedContent(
  { data, replay }: Message,
  line: Line | undefined,
): LetterParts['content'] {
  if (replay?.isEmptied) return {}
  if (!line) return { data }
  return line.data === undefined ? { event: line.text } : { data: line.data }
}

/** Returns the parts of a letter that holds a whole message as it was published. */
export function publishedWhole(message: Message): WholeParts {
  const bytes = bytesOf(message.data)
  const isText = bytes.length <= MAX_TEXT_OF_MESSAGE_BYTES && isUtf8(bytes)
  return {
    content: isText ? { event: bytes.toString() } : { data: message.data },
    stage: stageOf(message),
    about: withoutData(message),
  }
}

/** Returns the stage of a message's text: that of the letter, for a letter that was published again. */
export function stageOf({ replay }: Message): LetterToStore['stage'] {
  return replay?.isMapped ? 'mapped' : 'published'
}

export function withoutData(message: Message): DeadLetterMessage {
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

/** The form of letters that hold everything as it was published. */
export const PUBLISHED: LetterForm = { ofEvent: publishedForm, ofMessage: publishedWhole }
