import type { Body, Place, ReadLine } from '../model/event.ts'
import { type Rejected, rejected } from '../model/outcome.ts'
import { type JsonFault, PARSED_AT_MOST, parseJson } from './parse-json.ts'

/** Cuts a line out of its body and parses it; a bad line is rejected alone. */
export function readLine(body: Body, place: Place): ReadLine {
  const { number, start, end } = place
  const parsed = place.parsed ?? parseJson(body, start, end)
  const text = body.bytes.toString('utf8', start, end)
  if (parsed.kind === 'json' || parsed.kind === 'rejected')
    return { line: { number, text }, parsed }
  const fault = faultOf(parsed.kind, `line ${number}`)
  if (parsed.kind !== 'not_utf8') return { line: { number, text }, parsed: fault }
  const data = body.bytes.toString('base64', start, end)
  return { line: { number, text, data }, parsed: fault }
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
