import type { Body } from '../model/event.ts'
import { linesIn } from './lines-in.ts'
import { parseJson } from './parse-line.ts'
import { createPlaces, type Places } from './places.ts'

/** The lines of a text, and the number of those parsed that are JSON objects. */
export interface LinesRead {
  readonly places: Places
  readonly objects: number
}

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Reads at most one line more than `most`, and parses lines until `wanted` of them are objects. */
export function* readLines(body: Body, most: number, wanted: number): Generator<void, LinesRead> {
  const places = createPlaces()
  let objects = 0
  yield* linesIn(body.bytes, (number, start, end) => {
    places.add(number, start, end)
    if (objects < wanted && isObjectIn(body, start, end)) objects += 1
    return places.count() <= most
  })
  return { places, objects }
}

/**
 * Whether a line is a JSON object: JSON that begins with a brace. The braces decide in most cases,
 * so that a million other lines cost little.
 */
function isObjectIn(body: Body, start: number, end: number): boolean {
  const { bytes } = body
  if (bytes[start] !== OPEN_BRACE || bytes[end - 1] !== CLOSE_BRACE) return false
  return parseJson(body, start, end).kind === 'json'
}
