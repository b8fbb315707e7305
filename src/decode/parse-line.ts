import { isUtf8 } from 'node:buffer'
import { measureWeight } from '../lib/json/bytes.ts'
import { findTrimmedEnd } from '../lib/white-space.ts'
import type { Body, Line, ParsedLine, Place } from '../model/event.ts'
import { type Rejected, rejected } from '../model/outcome.ts'
import { isLarge, MOST_PARSED_BYTES } from './footprint.ts'

/** The value of a text, or the reason why the service does not read it. */
export type ParsedJson = Readonly<{ kind: 'json'; value: unknown } | { kind: JsonFault }>
export type JsonFault = 'not_utf8' | 'not_json' | 'too_deep' | 'too_large'

/**
 * The size of a text that needs no weighing. JSON.parse cannot be interrupted, and takes eight
 * milliseconds at most for it.
 */
const UNWEIGHED_BYTES = 64 * 1024
/** The most values that are parsed: 100 ms, when each value is a new name of a member. */
const MAX_VALUES = 131_072
/** The tabs of an enriched event: 130, of which those between empty values at an end may be cut off. */
const LEAST_TABS = 100
/** The most levels. V8 takes some 65 bytes of native memory for each. */
const MAX_DEPTH = 1000

/** The meaning of `too_large`, for a dead letter. */
const PARSED_AT_MOST = `more than ${MOST_PARSED_BYTES} bytes or ${MAX_VALUES} values, which this service does not parse`

const MOST = { depth: MAX_DEPTH, values: MAX_VALUES }

/** The size of a text of one line that is parsed before anything else. */
const SMALL_TEXT_BYTES = 20 * 1024
const LINE_FEED = 0x0a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Cuts a line out of its body and parses it. A bad line is rejected alone. */
export function parseLine(body: Body, place: Place): ParsedLine {
  const { number, start, end, text: only, parsed: known } = place
  if (known && only !== undefined) return { line: { number, text: only }, parsed: known }
  if (known?.kind === 'json') return { line: textLineOf(body, place), parsed: known }
  if (known) return { line: lineOf(body, place), parsed: known }
  const unread = faultBeforeParsing(body, start, end)
  if (unread) return { line: lineOf(body, place), parsed: faultOf(unread, `line ${number}`) }
  const text = body.bytes.toString('utf8', start, end)
  const parsed = parseText(text)
  if (parsed.kind === 'json') return { line: textLineOf(body, place, text), parsed }
  if (isEnrichedEvent(text)) return { line: lineOf(body, place), parsed: tabSeparated(number) }
  return { line: lineOf(body, place), parsed: faultOf(parsed.kind, `line ${number}`) }
}

/** Whether a text that is not JSON is probably an event as Snowplow Enrich writes it. */
function isEnrichedEvent(text: string): boolean {
  let tabs = 0
  for (
    let at = text.indexOf('\t');
    at !== -1 && tabs < LEAST_TABS;
    at = text.indexOf('\t', at + 1)
  ) {
    tabs++
  }
  return tabs === LEAST_TABS
}

function tabSeparated(number: number): Rejected {
  return rejected(
    'invalid_json',
    `line ${number} is tab-separated, as Snowplow Enrich writes events: put Snowbridge with ` +
      'spEnrichedToJson in front of the topic, which makes JSON of them',
  )
}

/** Returns the line. One that is not UTF-8 has its bytes as well. */
function lineOf(body: Body, place: Place): Line {
  const line = textLineOf(body, place)
  const { start, end } = place
  if (body.isUtf8 || line.isTooLong || isUtf8(body.bytes.subarray(start, end))) return line
  return { ...line, data: body.bytes.toString('base64', start, end) }
}

/**
 * Returns a line of text; `known` is the text, where it was cut out before. One that is too long for
 * a letter has its text only where the transform may need it.
 */
function textLineOf(body: Body, { number, start, end, isRest }: Place, known?: string): Line {
  const { bytes, isTight } = body
  if (!isTight && !isRest) return { number, text: known ?? bytes.toString('utf8', start, end) }
  const isTooLong = isTight && isLarge(end - start)
  const isCut = !(isTooLong && end - start > MOST_PARSED_BYTES)
  const text = isCut ? (known ?? bytes.toString('utf8', start, end)) : ''
  return { number, text, ...(isTooLong && { isTooLong }), ...(isRest && { isRest }) }
}

/** Returns the rejection of data that cannot be read; `subject` names the data. */
export function faultOf(fault: JsonFault, subject: string): Rejected {
  switch (fault) {
    case 'not_utf8':
      return rejected('unreadable_data', `${subject} is not UTF-8`)
    case 'not_json':
      return rejected('invalid_json', `${subject} is not JSON`)
    case 'too_deep':
      return rejected('invalid_json', `${subject} nests deeper than any event`)
    case 'too_large':
      return rejected('too_large', `${subject} has ${PARSED_AT_MOST}`)
  }
}

/** Parses a part of a body. */
export function parseJson(body: Body, start: number, end: number): ParsedJson {
  const unread = faultBeforeParsing(body, start, end)
  return unread ? { kind: unread } : parseText(body.bytes.toString('utf8', start, end))
}

/** Returns the reason for which a part of a body is not even parsed. */
function faultBeforeParsing(
  { bytes, isUtf8: allIsUtf8 }: Body,
  start: number,
  end: number,
): JsonFault | undefined {
  if (!allIsUtf8 && !isUtf8(bytes.subarray(start, end))) return 'not_utf8'
  return end - start > UNWEIGHED_BYTES ? excessOf(bytes, start, end) : undefined
}

/** Parses a text. It gives no detail of bad JSON, because V8's messages quote their input. */
function parseText(text: string): ParsedJson {
  try {
    return { kind: 'json', value: JSON.parse(text) }
  } catch {
    return { kind: 'not_json' }
  }
}

function excessOf(bytes: Buffer, start: number, end: number): 'too_deep' | 'too_large' | undefined {
  if (end - start > MOST_PARSED_BYTES) return 'too_large'
  const { depth, values } = measureWeight(bytes, start, end, MOST)
  if (depth > MAX_DEPTH) return 'too_deep'
  return values > MAX_VALUES ? 'too_large' : undefined
}

/**
 * Finds the one event of a small text on one line, as in most messages; `undefined` for other
 * texts. Its text and value are returned once, as by `linesOf`.
 */
export function findOnlyLine({ bytes, isUtf8 }: Body): Iterable<Place> | undefined {
  const { length } = bytes
  if (bytes[0] !== OPEN_BRACE || length > SMALL_TEXT_BYTES || !isUtf8) return undefined
  if (bytes.includes(LINE_FEED)) return undefined
  const end = bytes[length - 1] === CLOSE_BRACE ? length : findTrimmedEnd(bytes, 0, length)
  const text = bytes.toString('utf8', 0, end)
  const parsed = parseText(text)
  if (parsed.kind !== 'json') return undefined
  const place = { number: 1, start: 0, end }
  let next: Place = { ...place, text, parsed }
  return {
    [Symbol.iterator]() {
      const line = next
      next = place
      return [line].values()
    },
  }
}
