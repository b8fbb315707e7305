// The ends of values in a text that need not be JSON. Each search stops at the end of the text.

export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
const BACKSLASH = 0x5c
export const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d

/** Returns the index after the value that begins at `at`; `undefined` when there is no whole value. */
export function endOfValue(text: string, at: number): number | undefined {
  const char = text.charCodeAt(at)
  if (char === QUOTE) return endOfString(text, at)
  return char === OPEN_BRACE || char === OPEN_BRACKET ? endOfNested(text, at) : endOfWord(text, at)
}

/** Returns the index after the closing quote. */
export function endOfString(text: string, quoteAt: number): number | undefined {
  let at = text.indexOf('"', quoteAt + 1)
  while (at !== -1 && isEscaped(text, at)) at = text.indexOf('"', at + 1)
  return at === -1 ? undefined : at + 1
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1
  while (text.charCodeAt(before) === BACKSLASH) before -= 1
  return (at - before) % 2 === 0
}

function endOfNested(text: string, openAt: number): number | undefined {
  let open = 0
  for (let at = openAt; at < text.length; at += 1) {
    const char = text.charCodeAt(at)
    if (char === OPEN_BRACE || char === OPEN_BRACKET) open += 1
    else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) open -= 1
    else if (char === QUOTE) at = (endOfString(text, at) ?? text.length) - 1
    if (open === 0) return at + 1
  }
  return undefined
}

/** Returns the end of a number or a word. */
export function endOfWord(text: string, start: number): number | undefined {
  let at = start
  while (at < text.length && !endsWord(text.charCodeAt(at))) at += 1
  return at === start ? undefined : at
}

function endsWord(char: number): boolean {
  return char === COMMA || char === COLON || isBracket(char) || isSpace(char)
}

function isBracket(char: number): boolean {
  return (
    char === OPEN_BRACE || char === OPEN_BRACKET || char === CLOSE_BRACE || char === CLOSE_BRACKET
  )
}

function isSpace(char: number): boolean {
  return char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09
}
