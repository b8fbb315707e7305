import { type Found, findLines, findOnlyLine } from '../../src/decode/find-lines.ts'
import { linesOf } from '../../src/decode/places.ts'
import { readLine } from '../../src/decode/read-line.ts'
import type { Body, ReadLine } from '../../src/model/event.ts'

const MANY = 1_000_000

/** The lines of a text, cut out and parsed; one when the text is rejected as a whole. */
export function readAll(bytes: Buffer): readonly ReadLine[] {
  const body: Body = { bytes, isUtf8: true }
  return linesIn(body, findOnlyLine(body) ?? found(body))
}

function found(body: Body): Found {
  const finding = findLines(body, MANY)
  for (;;) {
    const step = finding.next()
    if (step.done) return step.value
  }
}

function linesIn(body: Body, end: Found): readonly ReadLine[] {
  if (end.kind === 'too_many') throw new Error('more lines than a test has')
  if (end.kind === 'lines') {
    return [...linesOf(end.places, end.known, end.rest)].map((place) => readLine(body, place))
  }
  return [readLine(body, { number: 1, start: 0, end: body.bytes.length, parsed: end.fault })]
}
