import type { Body, Line, Place, ReadLine } from '../model/event.ts'
import { type Rejected, rejected } from '../model/outcome.ts'
import { isLarge } from './footprint.ts'
import { type JsonFault, MOST_PARSED_BYTES, PARSED_AT_MOST, parseJson } from './parse-json.ts'

/** Cuts a line out of its body and parses it; a bad line is rejected alone. */
export function readLine(body: Body, place: Place): ReadLine {
  const { number, start, end } = place
  const parsed = place.parsed ?? parseJson(body, start, end)
  if (parsed.kind === 'json' || parsed.kind === 'rejected')
    return { line: lineOf(body, place), parsed }
  const fault = faultOf(parsed.kind, `line ${number}`)
  const line = lineOf(body, place)
  if (parsed.kind !== 'not_utf8' || line.isTooLong) return { line, parsed: fault }
  const data = body.bytes.toString('base64', start, end)
  return { line: { ...line, data }, parsed: fault }
}

/** A line that no letter may hold has its text only where the transform may want it. */
function lineOf({ bytes, isTight }: Body, { number, start, end, isRest }: Place): Line {
  const isTooLong = isTight && isLarge(end - start)
  const text =
    isTooLong && end - start > MOST_PARSED_BYTES ? '' : bytes.toString('utf8', start, end)
  return { number, text, ...(isTooLong && { isTooLong }), ...(isRest && { isRest }) }
}

/** Why what `subject` names cannot be read. */
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
