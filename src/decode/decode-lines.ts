import { elementsOf } from '../lib/json-scan.ts'
import type { Decoded, DecodedLine, Line } from '../model/event.ts'
import { rejected } from '../model/outcome.ts'
import { parseJson } from './parse-json.ts'

const BYTE_ORDER_MARK = '\ufeff'

/**
 * Reads NDJSON, a JSON array, or one JSON value over several lines. Each event keeps the raw text
 * it was published as, without the white space around it. A text in which nothing is JSON is one
 * bad line, whole; otherwise a bad line is bad alone. Blank text holds no lines.
 */
export function decodeLines(text: string): Decoded {
  const body = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text
  const lines: DecodedLine[] = []
  for (const line of linesOf(body)) {
    const decoded = decodeLine(line)
    if (lines.length === 0 && decoded.kind === 'bad_line') {
      const whole = parseJson(body)
      if (whole.kind === 'json') return eventsOf({ number: 1, text: body.trim() }, whole.value)
    }
    lines.push(decoded)
  }
  const only = lines.length === 1 ? lines[0] : undefined
  if (only?.kind === 'json') return eventsOf(only.line, only.value)
  if (lines.length > 0 && lines.every(isBad)) return { kind: 'lines', lines: [nothingIsJson(body)] }
  return { kind: 'lines', lines }
}

function* linesOf(body: string): Generator<Line> {
  let number = 1
  for (let start = 0; start < body.length; number++) {
    const lineBreak = body.indexOf('\n', start)
    const end = lineBreak === -1 ? body.length : lineBreak
    const text = body.slice(start, end).trim()
    if (text !== '') yield { number, text }
    start = end + 1
  }
}

function decodeLine(line: Line): DecodedLine {
  const parsed = parseJson(line.text)
  if (parsed.kind === 'json') return { kind: 'json', line, value: parsed.value }
  const outcome = rejected('invalid_json', `line ${line.number} is not JSON`)
  return { kind: 'bad_line', line, outcome }
}

/** A message's only value: an array holds events, all else is one. */
function eventsOf(line: Line, value: unknown): Decoded {
  if (!Array.isArray(value)) return { kind: 'lines', lines: [{ kind: 'json', line, value }] }
  const texts = elementsOf(line.text)
  const lines = texts.map((text, index): DecodedLine => {
    return { kind: 'json', line: { number: index + 1, text }, value: value[index] }
  })
  return { kind: 'lines', lines }
}

function isBad(line: DecodedLine): boolean {
  return line.kind === 'bad_line'
}

function nothingIsJson(body: string): DecodedLine {
  const expected = 'expected a JSON object, one on each line, or a JSON array of them'
  const outcome = rejected('invalid_json', `the data is not JSON: ${expected}`)
  return { kind: 'bad_line', line: { number: 1, text: body }, outcome }
}
