import { elementsIn, endOfNestedIn, skipSpaceIn, valuesIn } from '../lib/json-bytes.ts'
import type { Span } from '../lib/json-scan.ts'

/**
 * How a text is laid out, by its brackets alone: whether it is JSON is not known yet. What begins
 * and ends with brackets that match is one array, or one object over several lines; all else is lines.
 */
export type TextForm = Readonly<
  { kind: 'lines' } | { kind: 'array'; openAt: number } | { kind: 'object' }
>

const LINE_BREAK = 0x0a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b

export const LINES: TextForm = { kind: 'lines' }

export function formOf(body: Buffer): TextForm {
  const openAt = skipSpaceIn(body, 0)
  const first = body[openAt]
  const onOneLine = body.indexOf(LINE_BREAK, openAt) === -1
  if (first !== OPEN_BRACKET && (first !== OPEN_BRACE || onOneLine)) return LINES
  const end = endOfNestedIn(body, openAt)
  if (end === -1 || skipSpaceIn(body, end) < body.length) return LINES
  // Brackets were counted whatever their kind: one that is closed by a brace is no array.
  if (first === OPEN_BRACKET)
    return body[end - 1] === CLOSE_BRACKET ? { kind: 'array', openAt } : LINES
  return body.subarray(openAt, end).includes(LINE_BREAK) ? { kind: 'object' } : LINES
}

/** How much there is to read in a text. */
export interface Extent {
  /** Lines, blank ones too, or elements. */
  readonly items: number
  /** What the largest of them may take of the memory while it is read, in bytes; 0 for a common size. */
  readonly largest: number
}

/** Read one after the other, those below are no matter. */
const LARGE_ITEM_BYTES = 1024 * 1024
/** Its text, twice as large in UTF-16, and a copy. */
const COPIES = 3
const VALUE_BYTES = 60

/** Stops counting when there are more than `maxItems`. */
export function extentOf(body: Buffer, form: TextForm, maxItems: number): Extent {
  if (body.length < LARGE_ITEM_BYTES && form.kind === 'lines') {
    return { items: 1 + lineBreaksIn(body), largest: 0 }
  }
  let items = 0
  let largest = 0
  for (const span of itemsOf(body, form)) {
    items += 1
    if (items > maxItems) break
    if (span.end - span.start >= LARGE_ITEM_BYTES) largest = Math.max(largest, sizeOf(body, span))
  }
  return { items, largest }
}

function sizeOf(body: Buffer, item: Span): number {
  return COPIES * (item.end - item.start) + VALUE_BYTES * valuesIn(body, item)
}

function itemsOf(body: Buffer, form: TextForm): Iterable<Span> {
  switch (form.kind) {
    case 'lines':
      return linesIn(body)
    case 'array':
      return elementsIn(body, form.openAt)
    case 'object':
      return [{ start: 0, end: body.length }]
  }
}

function lineBreaksIn(body: Buffer): number {
  let count = 0
  for (let at = body.indexOf(LINE_BREAK); at !== -1; at = body.indexOf(LINE_BREAK, at + 1))
    count += 1
  return count
}

function* linesIn(body: Buffer): Generator<Span> {
  for (let start = 0; start < body.length; ) {
    const lineBreak = body.indexOf(LINE_BREAK, start)
    const end = lineBreak === -1 ? body.length : lineBreak
    yield { start, end }
    start = end + 1
  }
}
