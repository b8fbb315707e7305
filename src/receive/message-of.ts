import { bytesOfBase64 } from '../lib/base64.ts'
import { isCalendarDay } from '../lib/moment.ts'
import { LETTER_PREFIX, type LetterAttribute, POLICY_PREFIX } from '../model/letter-attributes.ts'
import type { Message, MessageData } from '../model/message.ts'
import type { PushEnvelope } from './envelope.ts'

/**
 * RFC 3339, with any number of digits for the second. Date.parse alone accepts "foo 7", local time,
 * and the hour 24.
 */
const RFC_3339 = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

const DAY_LENGTH = 'YYYY-MM-DD'.length

/**
 * The original publish time of a message that a dead-letter policy has published again (observed).
 */
const FIRST_PUBLISH_TIME = `${POLICY_PREFIX}TopicPublishTime`
/** The attribute in which a letter of ours names the publish time of its message. */
const LETTERS_PUBLISH_TIME = `${LETTER_PREFIX}${'publish-time' satisfies LetterAttribute}`

/** The length from which data is held as bytes. */
export const LARGE_DATA_LENGTH = 64 * 1024

/**
 * Returns the message in a push envelope. An Eventarc push has the same body. The copy that a
 * dead-letter policy makes of a message gets the publish time of the message.
 */
export function messageOf({ message, subscription, ...envelope }: PushEnvelope): Message {
  const pushedTime = message.publishTime ?? message.publish_time ?? undefined
  const first = message.attributes?.[FIRST_PUBLISH_TIME]
  const isCopy = first !== undefined && message.attributes?.[LETTERS_PUBLISH_TIME] === undefined
  const publishTime = isCopy ? earlierOf(first, pushedTime) : pushedTime
  const publishedAt = parseInstant(publishTime)
  const orderingKey = message.orderingKey ?? undefined
  const deliveryAttempt = envelope.deliveryAttempt ?? undefined
  return {
    messageId: message.messageId ?? message.message_id ?? '',
    subscription: subscription ?? '',
    data: dataOf(message.data ?? ''),
    attributes: message.attributes ?? {},
    ...(publishTime !== undefined && { publishTime }),
    ...(publishedAt !== undefined && { publishedAt }),
    ...(orderingKey !== undefined && { orderingKey }),
    ...(deliveryAttempt !== undefined && { deliveryAttempt }),
  }
}

/** Whether a pushed message may be a dead letter that was published again: see `originOf`. */
export function isLetter({ attributes }: Message): boolean {
  return Object.keys(attributes).some((name) => name.startsWith(LETTER_PREFIX))
}

/** Returns data that is not base64 as it is: its letter holds it so. */
function dataOf(text: string): MessageData {
  return text.length < LARGE_DATA_LENGTH ? text : (bytesOfBase64(text) ?? text)
}

/**
 * Returns the first publish time of a copy, unless it cannot be read or is later than the copy's:
 * that would allow times in the future.
 */
function earlierOf(first: string, copys: string | undefined): string | undefined {
  const firstAt = parseInstant(first)
  return firstAt === undefined || firstAt > (parseInstant(copys) ?? firstAt) ? copys : first
}

/**
 * Returns a publish time in epoch ms; `undefined` when it is missing or unreadable, like the 30th of
 * February.
 */
export function parseInstant(publishTime = ''): number | undefined {
  if (!RFC_3339.test(publishTime)) return undefined
  const at = Date.parse(publishTime)
  return Number.isNaN(at) || !isCalendarDay(publishTime.slice(0, DAY_LENGTH)) ? undefined : at
}
