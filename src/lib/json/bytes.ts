// A scanner for the structure of JSON in UTF-8. It accepts any bytes, JSON or not, and parses
// nothing.

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** The bytes that are scanned in one turn of the event loop: a quarter of a millisecond. */
export const STRETCH_BYTES = 256 * 1024

/** The end of an array: after the bracket that closes it, or where it is broken. */
export interface ArrayEnd {
  readonly closed: boolean
  readonly at: number
}

/**
 * Called with the place of the next element, from `start` up to `end`. It returns `false` when the
 * array is broken here.
 */
export type TakeElement = (start: number, end: number) => boolean

/**
 * Passes the elements of the array that opens at `openAt` to `take`, without the white space around
 * them, and pauses after each stretch. The array is broken at the first element that is missing,
 * cut off or not taken, and where a comma is missing after an element.
 */
export function* elementsIn(
  bytes: Uint8Array,
  openAt: number,
  take: TakeElement,
): Generator<void, ArrayEnd> {
  let at = yield* spaceFrom(bytes, openAt + 1)
  if (bytes[at] === CLOSE_BRACKET) return { closed: true, at: at + 1 }
  for (let pauseAt = openAt + STRETCH_BYTES; ; ) {
    const start = at
    const end = yield* valueFrom(bytes, start)
    if (end === undefined || end === start || !take(start, end)) return { closed: false, at: start }
    at = yield* spaceFrom(bytes, end)
    if (bytes[at] === CLOSE_BRACKET) return { closed: true, at: at + 1 }
    if (bytes[at] !== COMMA) return { closed: false, at }
    at = yield* spaceFrom(bytes, at + 1)
    if (at < pauseAt) continue
    pauseAt = at + STRETCH_BYTES
    yield
  }
}

/** The cost of parsing a part of a text: its levels, and roughly the number of its values. */
export interface Weight {
  readonly depth: number
  readonly values: number
}

/** Weighs a part of a text. It stops counting when one of the two exceeds `most`. */
export function measureWeight(bytes: Uint8Array, start: number, end: number, most: Weight): Weight {
  let open = 0
  let depth = 0
  let values = 1
  let inString = false
  for (let at = start; at < end && depth <= most.depth && values <= most.values; at++) {
    const byte = bytes[at] ?? 0
    if (byte === BACKSLASH) at++
    else if (byte === QUOTE) inString = !inString
    else if (inString) continue
    else if (byte === COMMA) values++
    else if (isClosing(byte)) open--
    else if (isOpening(byte)) {
      values++
      open++
      if (open > depth) depth = open
    }
  }
  return { depth, values }
}

/** Returns the next index from `start` on that is not white space of JSON. */
function* spaceFrom(bytes: Uint8Array, start: number): Generator<void, number> {
  let at = start
  for (let pauseAt = at + STRETCH_BYTES; isSpace(bytes[at]); at++) {
    if (at < pauseAt) continue
    pauseAt = at + STRETCH_BYTES
    yield
  }
  return at
}

/** The state of the scan of one value. */
interface Scan {
  at: number
  depth: number
  inString: boolean
}

/** Returns the end of the value that begins at `start`; `undefined` when the bytes end first. */
function* valueFrom(bytes: Uint8Array, start: number): Generator<void, number | undefined> {
  const scan: Scan = { at: start, depth: 0, inString: false }
  while (scan.at < bytes.length) {
    if (scanOn(bytes, scan, Math.min(bytes.length, scan.at + STRETCH_BYTES))) return scan.at
    if (scan.at < bytes.length) yield
  }
  return undefined
}

/** Scans up to `until`, and returns whether the value has ended by then. */
function scanOn(bytes: Uint8Array, scan: Scan, until: number): boolean {
  let { at, depth, inString } = scan
  let ended = false
  for (; at < until && !ended; at++) {
    const byte = bytes[at] ?? 0
    if (inString) {
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) {
        inString = false
        ended = depth === 0
      }
    } else if (byte === QUOTE) inString = true
    else if (isOpening(byte)) depth++
    // A number or a word ends before the character that ends it.
    else if (depth === 0 && endsScalar(byte)) break
    else if (isClosing(byte)) {
      depth--
      ended = depth === 0
    }
  }
  Object.assign(scan, { at, depth, inString })
  return ended || at < until
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || isClosing(byte) || isSpace(byte)
}

function isOpening(byte: number): boolean {
  return byte === OPEN_BRACE || byte === OPEN_BRACKET
}

function isClosing(byte: number): boolean {
  return byte === CLOSE_BRACE || byte === CLOSE_BRACKET
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
