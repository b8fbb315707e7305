// A scanner for the structure of JSON in UTF-8. It takes any bytes, JSON or not, and parses nothing.

import type { Span } from './json-scan.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** The next index from `start` on that is no white space; the length when there is none. */
export function skipSpaceIn(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length && isSpace(bytes[at])) at++
  return at
}

/** The index after the bracket that closes the one at `openAt`; -1 when none does. */
export function endOfNestedIn(bytes: Uint8Array, openAt: number): number {
  let open = 0
  for (let at = openAt; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) at = endOfStringIn(bytes, at)
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) open++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      open--
      if (open === 0) return at + 1
    }
  }
  return -1
}

/**
 * What stands between the commas of the array that opens at `openAt`, without the white space
 * around it. It is JSON exactly when a bracket closes it and each of these texts is.
 */
export function* elementsIn(bytes: Uint8Array, openAt: number): Generator<Span> {
  let start = skipSpaceIn(bytes, openAt + 1)
  if (bytes[start] === CLOSE_BRACKET) return
  let open = 1
  for (let at = start; at < bytes.length && open > 0; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) at = endOfStringIn(bytes, at)
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) open++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) open--
    if (open === 0 || (open === 1 && byte === COMMA)) {
      yield { start, end: skipSpaceBackIn(bytes, start, at) }
      start = skipSpaceIn(bytes, at + 1)
    }
  }
}

/** The commas and opening brackets of a part of a text: about as many values are in it. */
export function valuesIn(bytes: Uint8Array, { start, end }: Span): number {
  let count = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === COMMA || byte === OPEN_BRACKET || byte === OPEN_BRACE) count++
  }
  return count
}

/** Index of the closing quote, or the length. */
function endOfStringIn(bytes: Uint8Array, quoteAt: number): number {
  let at = quoteAt + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at
}

/** The end of what begins at `start`, when `end` less the white space before it is meant. */
function skipSpaceBackIn(bytes: Uint8Array, start: number, end: number): number {
  let at = end
  while (at > start && isSpace(bytes[at - 1])) at--
  return at
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
