/** One value of an array, or one line of NDJSON, as it stands in the body. */
export interface JsonElement {
  /** The element's place in the body. */
  readonly offset: number
  /** The element without surrounding whitespace. It is not parsed yet, and may be invalid. */
  readonly bytes: Buffer
}

/** The elements of a body, or those before the place at which the reading stopped. */
export type JsonElements = Readonly<
  | { kind: 'elements'; elements: readonly JsonElement[] }
  | { kind: 'broken'; ahead: readonly JsonElement[]; offset: number; reason: string }
>

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const TAB = 0x09
const SPACE = 0x20

/** Cuts a JSON array at its own commas; `JSON.parse` judges the parts between them. */
export function elementsOfArray(body: Buffer): JsonElements {
  const elements: JsonElement[] = []
  const broken = (offset: number, reason: string): JsonElements => {
    return { kind: 'broken', ahead: elements, offset, reason }
  }
  const start = skipBlanks(body, 0)
  if (start === body.length) return broken(start, 'EOF')
  if (body[start] !== OPEN_ARRAY) return broken(start, 'expected an array')

  let at = skipBlanks(body, start + 1)
  if (body[at] === CLOSE_ARRAY) return { kind: 'elements', elements }
  for (;;) {
    const end = endOfElement(body, at)
    if (end === body.length) return broken(at, 'unexpected EOF')
    elements.push(elementAt(body, at, end))
    at = skipBlanks(body, end + 1)
    if (body[end] === CLOSE_ARRAY) break
  }
  if (at < body.length) return broken(at, 'invalid character after top-level value')
  return { kind: 'elements', elements }
}

/** Cuts NDJSON at its line feeds, and skips blank lines. */
export function elementsOfLines(body: Buffer): JsonElements {
  const elements: JsonElement[] = []
  for (let at = skipBlanks(body, 0); at < body.length; ) {
    const lineFeed = body.indexOf(LINE_FEED, at)
    const end = lineFeed === -1 ? body.length : lineFeed
    elements.push(elementAt(body, at, end))
    at = skipBlanks(body, end)
  }
  return { kind: 'elements', elements }
}

/** Takes a body that begins with a brace as one element, and any other body as an array. */
export function elementsOfArrayOrObject(body: Buffer): JsonElements {
  const start = skipBlanks(body, 0)
  if (body[start] !== OPEN_OBJECT) return elementsOfArray(body)
  return { kind: 'elements', elements: [elementAt(body, start, body.length)] }
}

/** The index of the comma or bracket that ends the element, or the body's length. */
function endOfElement(body: Buffer, from: number): number {
  let depth = 0
  for (let at = from; at < body.length; at++) {
    const byte = body[at]
    if (byte === QUOTE) at = endOfString(body, at)
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++
    else if (depth === 0 && (byte === COMMA || byte === CLOSE_ARRAY)) return at
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--
  }
  return body.length
}

/** The index of the quote that ends the string, or the body's length. */
function endOfString(body: Buffer, openingQuote: number): number {
  for (let at = openingQuote + 1; at < body.length; at++) {
    if (body[at] === BACKSLASH) at++
    else if (body[at] === QUOTE) return at
  }
  return body.length
}

function elementAt(body: Buffer, from: number, end: number): JsonElement {
  let to = end
  while (to > from && isBlank(body[to - 1])) to--
  return { offset: from, bytes: body.subarray(from, to) }
}

function skipBlanks(body: Buffer, from: number): number {
  let at = from
  while (isBlank(body[at])) at++
  return at
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB
}
