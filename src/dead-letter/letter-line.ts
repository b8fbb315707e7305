import { base64Length, writeBase64 } from '../lib/base64.ts'
import type { LetterToStore } from '../model/dead-letter.ts'

/** A text, or bytes that stand in it as base64. */
type Part = string | Buffer

/** No text before the field of the data can hold this: JSON escapes its quotes. */
const NO_DATA = '"data":""'

/**
 * Returns letters as lines. JSON escapes line breaks and lone surrogates, so a letter is one line of
 * valid UTF-8. Large data goes into the line piece by piece, and never becomes a string.
 */
export function formatLines(letters: readonly LetterToStore[]): Uint8Array {
  const parts = letters.flatMap((letter) => [...partsOf(letter), '\n'])
  const lines = Buffer.allocUnsafe(sizeOf(parts))
  let at = 0
  for (const part of parts) {
    at += typeof part === 'string' ? lines.write(part, at) : writeBase64(part, lines, at)
  }
  return lines
}

/** Returns the bytes that fields of a letter take as JSON. */
export function jsonBytes(fields: Partial<LetterToStore>): number {
  return sizeOf(partsOf(fields))
}

function partsOf(fields: Partial<LetterToStore>): readonly Part[] {
  const { data } = fields
  if (data === undefined || typeof data === 'string') return [JSON.stringify(fields)]
  const text = JSON.stringify({ ...fields, data: '' })
  const dataAt = text.indexOf(NO_DATA) + NO_DATA.length - 1
  return [text.slice(0, dataAt), data, text.slice(dataAt)]
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((size, part) => size + lengthOf(part), 0)
}

function lengthOf(part: Part): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : base64Length(part)
}
