import { nothingIsJson, readLines } from '../../src/decode/decode-lines.ts'
import { parseLine } from '../../src/decode/parse-line.ts'
import { formOf } from '../../src/decode/text-form.ts'
import type { DecodedLine, Line } from '../../src/model/event.ts'
import type { Rejected } from '../../src/model/outcome.ts'

/** A line and what it holds. */
export type ReadLine =
  | { readonly kind: 'json'; readonly line: Line; readonly value: unknown }
  | { readonly kind: 'bad_line'; readonly line: Line; readonly outcome: Rejected }

/** The lines of a text, all of them parsed; read so many bytes at a time. */
export function linesIn(text: string, chunkBytes?: number): readonly ReadLine[] {
  const body = Buffer.from(text)
  const reading = readLines(body, formOf(body), chunkBytes)
  if (!('next' in reading)) return [...reading].map(readLine)
  for (let read = reading.next(); ; read = reading.next()) {
    if (!read.done) continue
    return read.value === 'no_json'
      ? [readLine(nothingIsJson(text))]
      : [...read.value].map(readLine)
  }
}

function readLine(decoded: DecodedLine): ReadLine {
  const line = { number: decoded.number, text: decoded.text }
  const parsed = parseLine(decoded)
  if (parsed.kind === 'json') return { kind: 'json', line, value: parsed.value }
  return { kind: 'bad_line', line, outcome: parsed }
}
