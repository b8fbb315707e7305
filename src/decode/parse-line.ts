import { isUtf8 } from 'node:buffer'
import type { Body, Line, ParsedLine, Place } from '../model/event.ts'
import { type Rejected, rejected } from '../model/outcome.ts'
import { isLarge } from './footprint.ts'
import { type JsonFault, MOST_PARSED_BYTES, PARSED_AT_MOST, parseJson } from './parse-json.ts'

/** Cuts a line out of its body and parses it. A bad line is rejected alone. */
export function parseLine(body: Body, place: Place): ParsedLine {
  const { number, start, end } = place
  const parsed = place.parsed ?? parseJson(body, start, end)
  if (parsed.kind === 'json') return { line: textLineOf(body, place), parsed }
  const line = lineOf(body, place)
  if (parsed.kind === 'rejected') return { line, parsed }
  return { line, parsed: faultOf(parsed.kind, `line ${number}`) }
}

/** Returns the line. One that is not UTF-8 has its bytes as well. */
function lineOf(body: Body, place: Place): Line {
  const line = textLineOf(body, place)
  const { start, end } = place
  if (body.isUtf8 || line.isTooLong || isUtf8(body.bytes.subarray(start, end))) return line
  return { ...line, data: body.bytes.toString('base64', start, end) }
}

/**
 * Returns a line of text. One that is too long for a letter has its text only where the transform
 * may need it.
 */
function textLineOf({ bytes, isTight }: Body, { number, start, end, isRest }: Place): Line {
  const isTooLong = isTight && isLarge(end - start)
  const isCut = !(isTooLong && end - start > MOST_PARSED_BYTES)
  const text = isCut ? bytes.toString('utf8', start, end) : ''
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
