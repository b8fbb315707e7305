// A scanner for JSON that JSON.parse has read already. It reads invalid JSON wrongly, or without
// end. Only `findExcess` accepts any text.

/** The place of a value in a text: from `start` up to `end`, exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * The members that were found in one object: the values of the names that were sought, and its end.
 */
export interface Members {
  readonly values: ReadonlyMap<string, Span>
  readonly empty: boolean
  /** The index of the closing brace. */
  readonly closeAt: number
}

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Finds members of the object that opens at `objectAt`. When a name is given twice, the last one
 * counts.
 */
export function findMembers(text: string, objectAt: number, names: readonly string[]): Members {
  const values = new Map<string, Span>()
  const first = firstItemAt(text, objectAt)
  let at = first
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(text, at)
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = endOfValue(text, start)
    const name = nameOf(text.slice(at + 1, keyEnd - 1))
    if (names.includes(name)) values.set(name, { start, end })
    at = nextItemAt(text, end)
  }
  return { values, empty: at === first, closeAt: at }
}

/**
 * The amount of structure in a text: its levels, and the number of its strings, commas and opening
 * brackets.
 */
export interface Shape {
  readonly depth: number
  readonly parts: number
}

/** Returns the measure in which a text exceeds `most` first. The text need not be JSON. */
export function findExcess(text: string, most: Shape): keyof Shape | undefined {
  const { depth, parts } = shapeOf(text, most)
  if (depth > most.depth) return 'depth'
  return parts > most.parts ? 'parts' : undefined
}

/** Returns the structure of a text up to where it exceeds `most`. The text need not be JSON. */
export function shapeOf(text: string, most: Shape): Shape {
  let open = 0
  let depth = 0
  let parts = 0
  for (let at = 0; at < text.length && depth <= most.depth && parts <= most.parts; at++) {
    const char = text.charCodeAt(at)
    if (isClosing(char)) open--
    else if (char === QUOTE || char === COMMA || isOpening(char)) parts++
    if (isOpening(char)) depth = Math.max(depth, ++open)
    else if (char === QUOTE) at = findClosingQuote(text, at)
  }
  return { depth, parts }
}

/**
 * Returns the index of the closing quote, or the length. The search is native when there is no
 * escape.
 */
function findClosingQuote(text: string, quoteAt: number): number {
  const next = text.indexOf('"', quoteAt + 1)
  if (next === -1) return text.length
  if (text.charCodeAt(next - 1) !== BACKSLASH) return next
  let at = quoteAt + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) {
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  }
  return at
}

function nameOf(key: string): string {
  if (!key.includes('\\')) return key
  const name: string = JSON.parse(`"${key}"`)
  return name
}

function firstItemAt(text: string, openAt: number): number {
  return skipSpace(text, openAt + 1)
}

function nextItemAt(text: string, endOfLast: number): number {
  const at = skipSpace(text, endOfLast)
  return text.charCodeAt(at) === COMMA ? skipSpace(text, at + 1) : at
}

function endOfValue(text: string, at: number): number {
  const char = text.charCodeAt(at)
  if (char === QUOTE) return endOfString(text, at)
  if (isOpening(char)) return endOfNested(text, at)
  return endOfScalar(text, at)
}

function endOfNested(text: string, openAt: number): number {
  let open = 1
  let at = openAt + 1
  while (open > 0) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) {
      at = endOfString(text, at)
      continue
    }
    if (isOpening(char)) open++
    else if (isClosing(char)) open--
    at++
  }
  return at
}

function endOfScalar(text: string, start: number): number {
  let at = start
  while (at < text.length && !endsScalar(text.charCodeAt(at))) at++
  return at
}

/** Returns the index after the closing quote of a string. */
export function endOfString(text: string, quoteAt: number): number {
  let at = text.indexOf('"', quoteAt + 1)
  while (isEscaped(text, at)) at = text.indexOf('"', at + 1)
  return at + 1
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1
  while (text.charCodeAt(before) === BACKSLASH) before--
  return (at - before) % 2 === 0
}

/** Returns the next index from `start` on that is not white space. */
export function skipSpace(text: string, start: number): number {
  let at = start
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

function isSpace(char: number): boolean {
  return char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09
}

function isOpening(char: number): boolean {
  return char === OPEN_BRACE || char === OPEN_BRACKET
}

function isClosing(char: number): boolean {
  return char === CLOSE_BRACE || char === CLOSE_BRACKET
}

function endsScalar(char: number): boolean {
  return char === COMMA || isClosing(char) || isSpace(char)
}
