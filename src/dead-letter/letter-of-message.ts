import { isUtf8 } from 'node:buffer'
import { gunzipSync } from 'node:zlib'
import {
  LETTER_PREFIX,
  type LetterAttribute,
  originalAttributes,
  POLICY_PREFIX,
} from '../model/letter-attributes.ts'
import { letterIn, type StoredLetter } from './stored-letter.ts'

/** A message as it is pulled from a subscription. */
export interface PulledMessage {
  readonly messageId: string
  /** RFC 3339. */
  readonly publishTime: string
  /** Base64. */
  readonly data: string
  readonly attributes: Readonly<Record<string, string>>
  readonly orderingKey?: string
}

/** The reason of a letter that is the copy of a message, made by a dead-letter policy of Pub/Sub. */
export const POLICY_REASON = 'dead_letter_policy'

/** The most bytes of data that was compressed because it is large. A message has at most 16 MiB. */
const MOST_DATA_BYTES = 64 * 1024 * 1024

/**
 * Reads the letter that a message is: one of the service, or the copy of a whole message that a
 * dead-letter policy made. `unreadable` is a letter of the service whose attributes are garbled, or
 * a part of one. Any other message is `foreign`.
 */
export function readLetterMessage(message: PulledMessage): StoredLetter | 'unreadable' | 'foreign' {
  const names = Object.keys(message.attributes)
  if (names.some((name) => name.startsWith(LETTER_PREFIX))) {
    return letterIn(describeLetter(message)) ?? 'unreadable'
  }
  if (!names.includes(`${POLICY_PREFIX}Subscription`)) return 'foreign'
  return letterIn(describeCopy(message)) ?? 'unreadable'
}

type Fields = Readonly<Record<string, unknown>>

function describeLetter(pulled: PulledMessage): Fields | undefined {
  const read = (name: LetterAttribute) => pulled.attributes[`${LETTER_PREFIX}${name}`]
  const publishTime = read('publish-time')
  // The parts of a letter are no event before they are joined.
  if (read('part') !== undefined || isLater(publishTime, pulled.publishTime)) return undefined
  const line = numberIn(read('line'))
  return withoutUndefined({
    id: read('id'),
    deadLetteredAt: read('dead-lettered-at'),
    reason: read('reason'),
    field: read('field'),
    detail: read('detail') ?? '',
    ...contentIn(pulled.data, { isLine: line !== 0, shortened: read('shortened') }),
    stage: read('stage') ?? 'published',
    line,
    ordinal: numberIn(read('ordinal')),
    child: numberIn(read('child')),
    children: numberIn(read('children')),
    events: numberIn(read('events')),
    lines: read('lines'),
    insertId: read('insert-id'),
    time: numberIn(read('time')),
    replays: numberIn(read('replays')),
    message: withoutUndefined({
      messageId: read('message-id'),
      publishTime,
      subscription: read('subscription') ?? '',
      orderingKey: read('ordering-key'),
      attributes: originalAttributes(pulled.attributes),
      deliveryAttempt: numberIn(read('delivery-attempt')),
    }),
  })
}

/** Describes a copy as a letter of the whole message, as it was pushed at first. */
function describeCopy(copy: PulledMessage): Fields {
  const { messageId, publishTime, data, orderingKey } = copy
  const read = (name: string) => copy.attributes[`${POLICY_PREFIX}${name}`]
  const first = read('TopicPublishTime')
  const own = Object.entries(copy.attributes).filter(([name]) => !name.startsWith(POLICY_PREFIX))
  const count = read('DeliveryCount')
  return {
    id: `${messageId}-0`,
    deadLetteredAt: publishTime,
    reason: POLICY_REASON,
    detail: `the dead-letter policy of its subscription moved it${count === undefined ? '' : ` after ${count} deliveries`}`,
    data,
    stage: 'published',
    line: 0,
    replays: 0,
    message: withoutUndefined({
      messageId,
      publishTime: isEarlier(first, publishTime) ? first : publishTime,
      subscription: `projects/${read('SubscriptionProject') ?? ''}/subscriptions/${read('Subscription')}`,
      orderingKey,
      attributes: Object.fromEntries(own),
    }),
  }
}

/**
 * Returns the text of a line, or else the bytes in base64. Data that was too large to be published
 * is restored.
 */
function contentIn(
  data: string,
  { isLine, shortened = '' }: { readonly isLine: boolean; readonly shortened?: string | undefined },
): Pick<StoredLetter, 'event' | 'data'> {
  const parts = shortened.split(',')
  if (parts.includes('content')) return {}
  const isCompressed = parts.includes('data')
  const bytes = isCompressed ? inflate(Buffer.from(data, 'base64')) : Buffer.from(data, 'base64')
  if (bytes === undefined) return {}
  if (isLine && isUtf8(bytes)) return { event: bytes.toString() }
  return { data: isCompressed ? bytes.toString('base64') : data }
}

function inflate(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_DATA_BYTES })
  } catch {
    return undefined
  }
}

/** Whether a time can be read and is later. No letter is published before its message. */
function isLater(time: string | undefined, other: string): boolean {
  return time !== undefined && Date.parse(time) > Date.parse(other)
}

function isEarlier(time: string | undefined, other: string): boolean {
  return time !== undefined && Date.parse(time) < Date.parse(other)
}

function numberIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
}

/** An absent field is not the same as one that is undefined. */
function withoutUndefined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
