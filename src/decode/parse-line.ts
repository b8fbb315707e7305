import type { DecodedLine, Line, Parsed } from '../model/event.ts'
import { rejected } from '../model/outcome.ts'
import { parseJson } from './parse-json.ts'

/** The JSON value of a line; a bad line is rejected alone. */
export function parseLine(line: DecodedLine): Parsed {
  return line.parsed ?? parsedOf(line)
}

function parsedOf({ number, text }: Line): Parsed {
  const parsed = parseJson(text)
  if (parsed.kind === 'json') return parsed
  return rejected('invalid_json', `line ${number} is not JSON`)
}
