import { elementsIn } from '../lib/json-bytes.ts'
import { elementsOf } from '../lib/json-scan.ts'
import type { DecodedLine, Line, Parsed } from '../model/event.ts'
import { rejected } from '../model/outcome.ts'
import { parseJson } from './parse-json.ts'
import { LINES, type TextForm } from './text-form.ts'

/** The lines of a text, each cut out when its turn comes. May be gone through more than once. */
export type Lines = Iterable<DecodedLine>

/** Reads until it knows what there is, and yields where it may pause. */
export type Reading = Generator<void, Lines | NoJson>

/** Said of a text in which nothing is JSON. */
export type NoJson = 'no_json'

/** Text that is read as a whole: its values are no matter. */
const CHUNK_BYTES = 256 * 1024
/** Lines after which others may have their turn. */
const LINES_A_TURN = 4_000
const LINE_BREAK = 0x0a

/**
 * Finds the events in NDJSON, a JSON array, or one JSON value over several lines, in UTF-8 without a
 * byte-order mark. Each keeps the raw text it was published as, without the white space around it.
 * Blank text holds none. Known at once when the first line is JSON, as it most often is.
 */
export function readLines(body: Buffer, form: TextForm, chunkBytes = CHUNK_BYTES): Lines | Reading {
  if (form !== LINES) return readWhole(body, form, chunkBytes)
  if (body.length <= chunkBytes && !body.includes(LINE_BREAK)) return readOnlyLine(body)
  const lines = linesOf(chunksOf(body, chunkBytes))
  const rest = lines[Symbol.iterator]()
  const { value: first, done } = rest.next()
  if (done) return []
  const parsed = parseJson(first.text)
  return parsed.kind === 'json' ? goOn({ ...first, parsed }, rest, lines) : readEach(lines)
}

/** A text in which nothing is JSON, as one line. */
export function nothingIsJson(text: string): DecodedLine {
  const expected = 'expected a JSON object, one on each line, or a JSON array of them'
  const parsed = rejected('invalid_json', `the data is not JSON: ${expected}`)
  return { number: 1, text, parsed }
}

/** Most messages hold one event, on one line. */
function readOnlyLine(body: Buffer): Lines | Reading {
  const text = body.toString('utf8').trim()
  if (text === '') return []
  const parsed = parseJson(text)
  const line = { number: 1, text }
  return parsed.kind === 'json' ? onlyLine(line, parsed) : readEach([line])
}

/** An array or an object; when it is no JSON, some of its lines may be. */
function* readWhole(body: Buffer, form: TextForm, chunkBytes: number): Reading {
  if (form.kind === 'array' && body.length > chunkBytes) {
    if (yield* isArray(body, form.openAt)) return elementsOfLarge(body, form.openAt)
  } else {
    const text = body.toString('utf8').trim()
    const whole = parseJson(text)
    if (whole.kind === 'json') return eventsOf({ number: 1, text }, whole.value)
  }
  return yield* readEach(linesOf(chunksOf(body, chunkBytes)))
}

/** Looks for the first line that is JSON. */
function* readEach(lines: Iterable<Line>): Reading {
  let count = 0
  for (const { text } of lines) {
    if (parseJson(text).kind === 'json') return lines
    count += 1
    if (count % LINES_A_TURN === 0) yield
  }
  return 'no_json'
}

/** Of a large array, each element is parsed by itself, and once more later: all would be too many. */
function* isArray(body: Buffer, openAt: number): Generator<void, boolean> {
  let count = 0
  for (const { start, end } of elementsIn(body, openAt)) {
    if (parseJson(body.toString('utf8', start, end)).kind === 'not_json') return false
    count += 1
    if (count % LINES_A_TURN === 0) yield
  }
  return true
}

function elementsOfLarge(body: Buffer, openAt: number): Lines {
  return {
    *[Symbol.iterator]() {
      let number = 0
      for (const { start, end } of elementsIn(body, openAt)) {
        number += 1
        yield { number, text: body.toString('utf8', start, end) }
      }
    },
  }
}

/**
 * `lines`, of which the first is parsed already and `rest` is begun. That is made use of once: what
 * is parsed must not be held while the events travel.
 */
function goOn(first: DecodedLine, rest: Iterator<Line>, lines: Iterable<Line>): Lines {
  let begun: DecodedLine | undefined = first
  let takenUp = false
  return {
    [Symbol.iterator]() {
      if (takenUp) return lines[Symbol.iterator]()
      takenUp = true
      return { next }
    },
  }

  function next(): IteratorResult<DecodedLine> {
    if (!begun) return rest.next()
    const value = begun
    begun = undefined
    return { done: false, value }
  }
}

/** Handed out parsed, but once. */
function onlyLine(line: Line, parsed: Parsed): Lines {
  let first: DecodedLine | undefined = { ...line, parsed }
  return {
    [Symbol.iterator]() {
      const event = first ?? line
      first = undefined
      return [event][Symbol.iterator]()
    },
  }
}

/** A message's only value: an array holds events, all else is one. Handed out parsed, but once. */
function eventsOf(line: Line, value: unknown): Lines {
  const isArray = Array.isArray(value)
  const texts = isArray ? elementsOf(line.text) : [line.text]
  let values: readonly unknown[] = isArray ? value : [value]
  return {
    *[Symbol.iterator]() {
      const known = values
      values = []
      for (const [index, text] of texts.entries()) {
        const event = { number: index + 1, text }
        if (index >= known.length) yield event
        else yield { ...event, parsed: { kind: 'json', value: known[index] } }
      }
    },
  }
}

function linesOf(chunks: Iterable<string>): Iterable<Line> {
  return {
    *[Symbol.iterator]() {
      let number = 1
      for (const chunk of chunks) {
        for (let start = 0; start < chunk.length; number++) {
          const lineBreak = chunk.indexOf('\n', start)
          const end = lineBreak === -1 ? chunk.length : lineBreak
          const text = chunk.slice(start, end).trim()
          if (text !== '') yield { number, text }
          start = end + 1
        }
      }
    },
  }
}

/**
 * A text in parts of whole lines. A string keeps all that it was cut from in memory: so a line that
 * is still under way holds its chunk, and not the text of half a million others.
 */
function chunksOf(body: Buffer, chunkBytes: number): Iterable<string> {
  if (body.length <= chunkBytes) return [body.toString('utf8')]
  return {
    *[Symbol.iterator]() {
      for (let start = 0; start < body.length; ) {
        const lineBreak = body.indexOf('\n', start + chunkBytes - 1)
        const end = lineBreak === -1 ? body.length : lineBreak + 1
        yield body.toString('utf8', start, end)
        start = end
      }
    },
  }
}
