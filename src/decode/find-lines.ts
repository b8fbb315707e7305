import { STRETCH_BYTES } from '../lib/json/bytes.ts'
import { trimmedEndInTurns } from '../lib/white-space.ts'
import type { Body, Place } from '../model/event.ts'
import { type Rejected, rejected } from '../model/outcome.ts'
import { linesIn } from './lines-in.ts'
import { faultOf, type JsonFault, parseJson } from './parse-line.ts'
import { createPlaces, type Places } from './places.ts'
import { type ArrayRead, readArray, type Span } from './read-array.ts'
import { type LinesRead, readLines } from './read-lines.ts'

/** The places of the events of a text, or the reason for which it is rejected as a whole. */
export type Found = Readonly<
  | {
      kind: 'lines'
      places: Places
      /** The values of the first places, as far as they had to be parsed. */
      known: readonly unknown[]
      /** The place of everything after the good elements of a broken array. */
      rest?: Place
    }
  | { kind: 'whole'; fault: Rejected }
  | { kind: 'too_many' }
>

/** The first line that is not blank, and the place where the next one begins. */
interface Opening {
  readonly start: number
  readonly end: number
  readonly next?: number
}

const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b

const TOO_MANY: Found = { kind: 'too_many' }
const NO_OBJECT: Found = {
  kind: 'whole',
  fault: rejected(
    'invalid_json',
    'the data is not JSON: expected a JSON object, one on each line, or a JSON array of them',
  ),
}

/**
 * Finds the events, at most `most`, in NDJSON, a JSON array, or one JSON value over several lines.
 * Blank text holds none. It pauses after each stretch of the text.
 * A text is NDJSON when one of its lines is a JSON object. A text whose first line ends in a brace,
 * a bracket or a comma is NDJSON when half of its lines are objects: a few may be a part of one
 * broken value. A text that is neither NDJSON nor JSON is rejected as a whole, except for the
 * elements of an array before the place where it is broken.
 */
export function* findLines(body: Body, most: number): Generator<void, Found> {
  const opening = yield* openingOf(body)
  if (!opening) return { kind: 'lines', places: createPlaces(), known: [] }
  switch (body.bytes[opening.start]) {
    case OPEN_BRACKET:
      return yield* findInArray(body, opening, most)
    case OPEN_BRACE:
      return yield* findInObjects(body, opening, most)
    default:
      return yield* findInOthers(body, opening, most)
  }
}

function* openingOf({ bytes }: Body): Generator<void, Opening | undefined> {
  const found: { opening?: Opening } = {}
  yield* linesIn(bytes, (_number, start, end) => {
    found.opening = found.opening ? { ...found.opening, next: start } : { start, end }
    return found.opening.next === undefined
  })
  return found.opening
}

function* findInArray(body: Body, opening: Opening, most: number): Generator<void, Found> {
  const array = yield* readArray(body, opening.start, most)
  const { places, known, rest } = array
  if (places.count() > most) return TOO_MANY
  if (!rest) return { kind: 'lines', places, known }
  const found = yield* findNdjson(body, most, isEnclosed(body, opening, array) ? HALF : ANY)
  if (found.kind === 'lines' || array.objects === 0) return found
  return { kind: 'lines', places, known, rest: restOf(opening, places.count(), rest) }
}

function* findInObjects(body: Body, opening: Opening, most: number): Generator<void, Found> {
  const { start, end, next } = opening
  const first = parseJson(body, start, end)
  yield* afterParsing(end - start)
  if (first.kind === 'json') {
    const { places } = yield* readLines(body, most, 0)
    return places.count() > most ? TOO_MANY : { kind: 'lines', places, known: [first.value] }
  }
  if (next === undefined) return wholeIs(first.kind)
  const wholeEnd = yield* trimmedEndInTurns(body.bytes, start, body.bytes.length)
  const whole = parseJson(body, start, wholeEnd)
  yield* afterParsing(wholeEnd - start)
  if (whole.kind === 'json') return onlyValue(start, wholeEnd, whole.value)
  const found = yield* findNdjson(body, most, goesOn(body, end, next) ? HALF : ANY)
  return found === NO_OBJECT ? wholeIs(whole.kind) : found
}

function* findInOthers(
  body: Body,
  { start, end, next }: Opening,
  most: number,
): Generator<void, Found> {
  if (next !== undefined) return yield* findNdjson(body, most, ANY)
  const only = parseJson(body, start, end)
  return only.kind === 'json' ? onlyValue(start, end, only.value) : wholeIs(only.kind)
}

/**
 * Whether a line that ends at `end` is a part of a larger value, which no event of NDJSON is. No
 * value has a second brace after its first one: in that case the lone brace is a line by itself.
 */
function goesOn({ bytes }: Body, end: number, next = end): boolean {
  const last = bytes[end - 1]
  if (last === OPEN_BRACE) return bytes[next] !== OPEN_BRACE
  return last === OPEN_BRACKET || last === COMMA
}

function wholeIs(fault: JsonFault): Found {
  return fault === 'not_json' ? NO_OBJECT : { kind: 'whole', fault: faultOf(fault, 'the data') }
}

/** Pauses after a large value was parsed. */
function* afterParsing(bytes: number): Generator<void, void> {
  if (bytes > STRETCH_BYTES) yield
}

/** A rule for when a text is NDJSON. */
interface Rule {
  /** The number of lines that must be objects before the rest need not be parsed. */
  readonly wanted: number
  isNdjson(lines: LinesRead): boolean
}

const ANY: Rule = { wanted: 1, isNdjson: ({ objects }) => objects > 0 }
const HALF: Rule = {
  wanted: Number.POSITIVE_INFINITY,
  isNdjson: ({ places, objects }) => 2 * objects >= places.count(),
}

function* findNdjson(body: Body, most: number, rule: Rule): Generator<void, Found> {
  const lines = yield* readLines(body, most, rule.wanted)
  if (lines.places.count() > most) return TOO_MANY
  return rule.isNdjson(lines) ? { kind: 'lines', places: lines.places, known: [] } : NO_OBJECT
}

/** Whether a broken array spans lines. A line that is an object may then be one of its elements. */
function isEnclosed(body: Body, { end, next }: Opening, array: ArrayRead): boolean {
  if (array.closedAt !== undefined && array.closedAt <= end) return false
  return goesOn(body, end, next) || body.bytes[array.firstAt] === OPEN_BRACE
}

/**
 * Returns the rest of a broken array. An array that is cut off after an element has only its
 * opening bracket as the rest.
 */
function restOf({ start: openAt }: Opening, good: number, rest: Span): Place {
  const number = good + 1
  const isCutOff = rest.start === rest.end
  const fault = isCutOff
    ? `the array is cut off after element ${good}`
    : `element ${number} of the array is not JSON, and the rest of the array is not read`
  const { start, end } = isCutOff ? { start: openAt, end: openAt + 1 } : rest
  return { number, start, end, parsed: rejected('invalid_json', fault), isRest: true }
}

function onlyValue(start: number, end: number, value: unknown): Found {
  const places = createPlaces()
  places.add(1, start, end)
  return { kind: 'lines', places, known: [value] }
}
