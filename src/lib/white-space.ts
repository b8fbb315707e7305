// White space in UTF-8, as String.prototype.trim defines it. A byte-order mark counts as such.

import { STRETCH_BYTES } from './json/bytes.ts'

const LONGEST_SPACE = 3

/** Returns the length of the white-space character that begins at `at`; 0 when there is none. */
export function spaceIn(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] ?? 0
  if (byte < 0x80) return isAsciiSpace(byte) ? 1 : 0
  if (byte === 0xc2) return bytes[at + 1] === 0xa0 ? 2 : 0
  return isWideSpace(byte, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0) ? 3 : 0
}

/** Returns the end of the text from `start` to `end` without the white space at its end. */
export function findTrimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end
  for (let space = spaceBefore(bytes, at); space > 0; space = spaceBefore(bytes, at)) {
    if (at - space < start) break
    at -= space
  }
  return at
}

/** Returns the same for a text that may be long. It pauses after each stretch. */
export function* trimmedEndInTurns(
  bytes: Uint8Array,
  start: number,
  end: number,
): Generator<void, number> {
  for (let at = end; ; ) {
    const from = Math.max(start, at - STRETCH_BYTES)
    at = findTrimmedEnd(bytes, from, at)
    // A white-space character of several bytes may begin before the stretch.
    if (from === start || at >= from + LONGEST_SPACE) return at
    yield
  }
}

/**
 * Returns the next index from `start` on at which no white space begins. It pauses after each
 * stretch.
 */
export function* contentFrom(bytes: Uint8Array, start: number): Generator<void, number> {
  let at = start
  for (let pauseAt = at + STRETCH_BYTES; ; ) {
    const space = spaceIn(bytes, at)
    if (space === 0) return at
    at += space
    if (at < pauseAt) continue
    pauseAt = at + STRETCH_BYTES
    yield
  }
}

function spaceBefore(bytes: Uint8Array, end: number): number {
  const last = bytes[end - 1] ?? 0
  if (last < 0x80) return isAsciiSpace(last) ? 1 : 0
  if (last === 0xa0 && bytes[end - 2] === 0xc2) return 2
  return isWideSpace(bytes[end - 3] ?? 0, bytes[end - 2] ?? 0, last) ? 3 : 0
}

/** Tests for space, tab, line feed, vertical tab, form feed and carriage return. */
function isAsciiSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

/** Tests for U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000 and U+FEFF. */
function isWideSpace(first: number, second: number, third: number): boolean {
  if (first === 0xe2 && second === 0x80) {
    return (third >= 0x80 && third <= 0x8a) || third === 0xa8 || third === 0xa9 || third === 0xaf
  }
  if (first === 0xe2) return second === 0x81 && third === 0x9f
  if (first === 0xef) return second === 0xbb && third === 0xbf
  if (first === 0xe3) return second === 0x80 && third === 0x80
  return first === 0xe1 && second === 0x9a && third === 0x80
}
