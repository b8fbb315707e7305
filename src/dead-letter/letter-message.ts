import { cutToBytes } from '../lib/cut-to-bytes.ts'
import type { LetterToStore } from '../model/dead-letter.ts'
import {
  KEPT_NAME,
  LETTER_PREFIX,
  type LetterAttribute,
  ORIGINAL_PREFIX,
} from '../model/letter-attributes.ts'

// The limits of Pub/Sub: https://cloud.google.com/pubsub/quotas#resource_limits
const MAX_ATTRIBUTES = 100
const MAX_NAME_BYTES = 256
const MAX_VALUE_BYTES = 1_024

/** The largest request, counted as it is sent: with its data in base64, and with its attributes. */
export const MAX_REQUEST_BYTES = 10_000_000

/** The number of attributes that a letter gets after its others: `shortened` and `part`. */
const LATE_ATTRIBUTES = 2

/** The bytes of the brackets and names around one message. */
const FRAME_BYTES = 100

/** One message to be published, as the JSON that goes into a request. */
export interface LetterMessage {
  readonly json: string
  /** The length of `json` in UTF-8. */
  readonly bytes: number
  /**
   * Returns the same message with the data alone of what its publisher chose: no rule of Pub/Sub
   * can refuse it.
   */
  readonly bare: () => string
}

type Attributes = Readonly<Record<string, string>>

/**
 * Makes messages of a dead letter: one, unless its data is too large for that. `data` is the event,
 * or its compressed bytes when `compressed` says so. An attribute that does not fit is shortened,
 * and named in the attribute `shortened`. Data is never left out; a letter without content is
 * marked there, too.
 */
export function makeMessages(
  letter: LetterToStore,
  data: Uint8Array,
  compressed: boolean,
  maxRequestBytes = MAX_REQUEST_BYTES,
): readonly LetterMessage[] {
  const own = ownAttributes(letter)
  const room = MAX_ATTRIBUTES - LATE_ATTRIBUTES - Object.keys(own.attributes).length
  const originals = originalAttributes(letter.message.attributes, room)
  const shortened = [
    ...own.cut,
    ...(originals.kept === originals.given ? [] : ['attributes']),
    ...(compressed ? ['data'] : []),
    ...(letter.event === undefined && letter.data === undefined ? ['content'] : []),
  ]
  const attributes = { ...originals.attributes, ...own.attributes, ...noteShortened(shortened) }
  const bare = { ...own.attributes, ...noteShortened([...new Set([...shortened, 'attributes'])]) }
  const parts = splitData(data, attributes, maxRequestBytes)
  return parts.map((part, index) => {
    const place = parts.length === 1 ? {} : named('part', `${index + 1}/${parts.length}`)
    return messageOf(part, { ...attributes, ...place }, { ...bare, ...place })
  })
}

function messageOf(data: Uint8Array, attributes: Attributes, bare: Attributes): LetterMessage {
  const json = jsonOf(data, attributes)
  return { json, bytes: Buffer.byteLength(json), bare: () => jsonOf(data, bare) }
}

function jsonOf(data: Uint8Array, attributes: Attributes): string {
  return JSON.stringify({ data: Buffer.from(data).toString('base64'), attributes })
}

/** Splits data into as many parts as the largest request makes necessary. */
function splitData(
  data: Uint8Array,
  attributes: Attributes,
  maxRequestBytes: number,
): readonly Uint8Array[] {
  const room = maxRequestBytes - Buffer.byteLength(JSON.stringify(attributes)) - FRAME_BYTES
  const size = Math.floor(room / 4) * 3
  const count = Math.max(1, Math.ceil(data.length / size))
  return Array.from({ length: count }, (_, at) => data.subarray(at * size, (at + 1) * size))
}

function ownAttributes(letter: LetterToStore): { attributes: Attributes; cut: readonly string[] } {
  const attributes: Record<string, string> = {}
  const cut: string[] = []
  for (const [name, value] of Object.entries(describeLetter(letter))) {
    if (value === undefined) continue
    const text = fitting(String(value))
    attributes[`${LETTER_PREFIX}${name}`] = text
    if (text !== value && typeof value === 'string') cut.push(name)
  }
  return { attributes, cut }
}

type OwnAttribute = Exclude<LetterAttribute, 'shortened' | 'part'>

/** Returns the attributes that describe the letter itself. */
function describeLetter(
  letter: LetterToStore,
): Readonly<Record<OwnAttribute, string | number | undefined>> {
  const { message } = letter
  return {
    id: letter.id,
    'dead-lettered-at': letter.deadLetteredAt,
    reason: letter.reason,
    field: letter.field,
    detail: letter.detail,
    stage: letter.stage,
    line: letter.line,
    ordinal: letter.ordinal,
    child: letter.child,
    children: letter.children,
    events: letter.events,
    lines: letter.lines,
    'insert-id': letter.insertId,
    time: letter.time,
    replays: letter.replays,
    'message-id': message.messageId,
    'publish-time': message.publishTime,
    subscription: message.subscription,
    'ordering-key': message.orderingKey,
    'delivery-attempt': message.deliveryAttempt,
  }
}

/**
 * Returns the original's own attributes, because the transform of a replay must see the same ones.
 * Pub/Sub has kept them to its limits, except for their number and for reserved names. Only pushes
 * made by hand break the other limits.
 */
function originalAttributes(given: Attributes, room: number) {
  const named = Object.entries(given)
    .map(([name, value]) => ({ value, published: publishableName(name) }))
    .filter(({ published }) => isName(published))
    .slice(0, room)
    .map((one) => ({ ...one, fits: fitting(one.value) }))
  const kept = named.filter(({ value, fits }) => value === fits).length
  // An attribute may have the name `__proto__`, which cannot be assigned to.
  const attributes = Object.fromEntries(named.map(({ published, fits }) => [published, fits]))
  return { attributes, kept, given: Object.keys(given).length }
}

function publishableName(name: string): string {
  return KEPT_NAME.test(name) ? `${ORIGINAL_PREFIX}${name}` : name
}

function isName(name: string): boolean {
  return name.isWellFormed() && Buffer.byteLength(name) <= MAX_NAME_BYTES
}

function fitting(value: string): string {
  return cutToBytes(value.toWellFormed(), MAX_VALUE_BYTES)
}

function noteShortened(shortened: readonly string[]): Attributes {
  return shortened.length === 0 ? {} : named('shortened', shortened.join(','))
}

function named(name: LetterAttribute, value: string): Attributes {
  return { [`${LETTER_PREFIX}${name}`]: value }
}
