import { type Found, findLines } from '../../src/decode/find-lines.ts'
import { findOnlyLine, parseLine } from '../../src/decode/parse-line.ts'
import { linesOf } from '../../src/decode/places.ts'
import type { Body, ParsedLine } from '../../src/model/event.ts'

const MANY = 1_000_000

/** The lines of a text, cut out and parsed; one when the text is rejected as a whole. */
export function readAll(bytes: Buffer): readonly ParsedLine[] {
  const body: Body = { bytes, isUtf8: true }
  const [only] = findOnlyLine(body) ?? []
  return only ? [parseLine(body, only)] : linesIn(body, found(body))
}

function found(body: Body): Found {
  const finding = findLines(body, MANY)
  for (;;) {
    const step = finding.next()
    if (step.done) return step.value
  }
}

function linesIn(body: Body, end: Found): readonly ParsedLine[] {
  if (end.kind === 'too_many') throw new Error('more lines than a test has')
  if (end.kind === 'lines') {
    return [...linesOf(end.places, end.known, end.rest)].map((place) => parseLine(body, place))
  }
  return [parseLine(body, { number: 1, start: 0, end: body.bytes.length, parsed: end.fault })]
}
