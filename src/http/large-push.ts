import { decodeBase64 } from '../lib/base64.ts'
import { findExcess, findMembers, type Shape, type Span, skipSpace } from '../lib/json/scan.ts'
import { LARGE_DATA_LENGTH } from '../receive/message-of.ts'

/** The text of a body without its largest string, and the bytes of that string. */
interface CutBody {
  readonly text: string
  /** The place in the text where the string was cut out. */
  readonly cutAt: number
  readonly cut: Buffer
}

/** A push without its data, and the data. */
export interface LargePush {
  readonly body: unknown
  readonly data: Buffer
}

/**
 * The length of a push that is small: it has no large data, and is parsed in a few milliseconds,
 * whatever it holds.
 */
export const SMALL_PUSH_LENGTH = 64 * 1024
/**
 * The most structure of a push. One with as many attributes as the envelope allows has 600 parts
 * and four levels.
 */
const MOST = { depth: 1_000, parts: 4_096 }
/** The most quotes that are looked at. A push has some 600. */
const MOST_QUOTES = 4_096
const QUOTE = 0x22
const OPEN_BRACE = 0x7b

/**
 * Parses a push with large data. It returns `undefined` for any other body: one without a large
 * string, one that is not JSON, one that has something else in this place, and data that is not
 * base64.
 */
export function readLargePush(bytes: Buffer): LargePush | undefined {
  const found = cutLargest(bytes)
  if (!found || excessOf(found.text) !== undefined) return undefined
  const { text, cutAt, cut } = found
  const body = parse(text)
  if (body === undefined || dataAt(text) !== cutAt) return undefined
  const data = decodeBase64(cut)
  return data && { body, data }
}

/** Returns what a text has more of than any push: levels, or parts. */
export function excessOf(text: string): keyof Shape | undefined {
  return text.length > SMALL_PUSH_LENGTH ? findExcess(text, MOST) : undefined
}

/**
 * Cuts the largest string out of a body, when it is large. In a body that is not JSON it may be
 * anything between two quotes.
 */
function cutLargest(body: Buffer): CutBody | undefined {
  const { start, end } = findLargest(body)
  if (end - start < LARGE_DATA_LENGTH) return undefined
  const before = body.toString('utf8', 0, start)
  const text = before + body.toString('utf8', end)
  return { text, cutAt: before.length, cut: body.subarray(start, end) }
}

function findLargest(body: Buffer): Span {
  let largest = { start: 0, end: 0 }
  let start = body.indexOf(QUOTE) + 1
  for (let quotes = 1; start > 0 && quotes < MOST_QUOTES; quotes += 1) {
    const end = body.indexOf(QUOTE, start)
    if (end - start > largest.end - largest.start) largest = { start, end }
    start = end + 1
  }
  return largest
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns the place of the characters of `message.data`, if that is a string. */
function dataAt(text: string): number | undefined {
  const message = memberOf(text, skipSpace(text, 0), 'message')
  const data = message && memberOf(text, message.start, 'data')
  return data && text.charCodeAt(data.start) === QUOTE ? data.start + 1 : undefined
}

function memberOf(text: string, at: number, name: string): Span | undefined {
  if (text.charCodeAt(at) !== OPEN_BRACE) return undefined
  return findMembers(text, at, [name]).values.get(name)
}
