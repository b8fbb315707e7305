/**
 * The characters that a terminal does not show, or that move the characters around them: controls,
 * bidirectional marks, zero-width and other ignorable characters, line separators, and halves of a
 * surrogate pair.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Returns a text from an event for one line of a terminal, with its invisible characters escaped. */
export function visibleText(text: string): string {
  return text.replaceAll(INVISIBLE, (character) => SHORT[character] ?? escaped(character))
}

/** Returns the JSON text of a value, with invisible characters in JSON's own escapes. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(INVISIBLE, (character) => {
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
  })
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16)
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
}
