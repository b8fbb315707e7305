import { parseRanges } from '../lib/ranges.ts'
import {
  LETTER_ATTRIBUTES,
  LETTER_PREFIX,
  type LetterAttribute,
  ORIGINAL_PREFIX,
  originalAttributes,
} from '../model/letter-attributes.ts'
import type { Message, Replay } from '../model/message.ts'
import { parseInstant } from './message-of.ts'

type Attributes = Readonly<Record<string, string>>

/** A number that fits a safe integer, and any line, ordinal or count. */
const WHOLE_NUMBER = /^\d{1,9}$/

const LETTER_NAMES: ReadonlySet<string> = new Set(
  LETTER_ATTRIBUTES.map((name) => `${LETTER_PREFIX}${name}`),
)

/**
 * Returns the message that a dead letter was written for, so that its event gets the same ids and
 * time. The letter's attributes are removed. A set of attributes that no letter has changes nothing
 * else.
 */
export function originOf(pushed: Message): Message {
  return readOriginal(pushed) ?? { ...pushed, attributes: withoutLetterNames(pushed.attributes) }
}

/**
 * Returns the original message of a letter. It is `undefined`, too, for a part of a letter, which
 * is no event before the parts are joined.
 */
function readOriginal({
  data,
  deliveryAttempt,
  messageId: pushedAs,
  publishedAt: pushedAt,
  attributes: given,
}: Message): Message | undefined {
  const read = (name: LetterAttribute) => given[`${LETTER_PREFIX}${name}`]
  const [id, messageId] = [read('id'), read('message-id')]
  const [line, replays] = [parseNumber(read('line')), parseNumber(read('replays'))]
  const ordinal = parseNumber(read('ordinal') ?? '1')
  if (!id || !messageId || line === undefined || replays === undefined) return undefined
  if (!ordinal || read('part') !== undefined) return undefined
  const insertId = read('insert-id')
  const stage = read('stage') ?? 'published'
  if (stage !== 'published' && stage !== 'mapped') return undefined
  const [child, lines] = [readChild(read('child'), read('children')), readLines(read('lines'))]
  if (child === 'garbled' || lines === 'garbled') return undefined
  const publishTime = read('publish-time')
  const publishedAt = parseInstant(publishTime)
  // No letter is published before its message. A time that says so would allow times in the future.
  if (publishedAt !== undefined && pushedAt !== undefined && publishedAt > pushedAt)
    return undefined
  const orderingKey = read('ordering-key')
  return {
    messageId,
    subscription: read('subscription') ?? '',
    data,
    attributes: originalAttributes(given),
    ...(publishTime !== undefined && { publishTime }),
    ...(publishedAt !== undefined && { publishedAt }),
    ...(orderingKey !== undefined && { orderingKey }),
    ...(deliveryAttempt !== undefined && { deliveryAttempt }),
    replay: {
      id,
      line,
      ordinal,
      ...(stage === 'mapped' && { isMapped: true }),
      ...(data === '' && isWithoutContent(read('shortened')) && { isEmptied: true }),
      ...(insertId && { insertId }),
      replays,
      pushedAs,
      ...(child && { child }),
      ...(lines && { lines }),
    },
  }
}

/**
 * Returns the attributes without those of a letter. Other attributes under our prefix are the
 * publisher's own.
 */
function withoutLetterNames(given: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(given).filter(([name]) => {
      return !LETTER_NAMES.has(name) && !name.startsWith(ORIGINAL_PREFIX)
    }),
  )
}

function readChild(
  child: string | undefined,
  children: string | undefined,
): ReadAttribute<'child'> {
  if (child === undefined && children === undefined) return undefined
  const [place, of] = [parseNumber(child), parseNumber(children)]
  return place && of && place <= of ? { place, of } : 'garbled'
}

function readLines(lines: string | undefined): ReadAttribute<'lines'> {
  return lines === undefined ? undefined : (parseRanges(lines) ?? 'garbled')
}

function isWithoutContent(shortened = ''): boolean {
  return shortened.split(',').includes('content')
}

type ReadAttribute<Name extends keyof Replay> = Replay[Name] | 'garbled'

function parseNumber(text = ''): number | undefined {
  return WHOLE_NUMBER.test(text) ? Number(text) : undefined
}
