import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import type { NoteValue, Redaction } from '../model/redaction.ts'

export interface RedactionOptions {
  readonly redaction: Redaction
  /** Whether text that cannot be parsed is stored, as it was published. */
  readonly keepsUnparsed: boolean
}

/** The longest text that is redacted. The service does not parse a longer one, either. */
const MOST_BYTES = 4 * 1024 * 1024

/**
 * Returns the text of a line with the paths that begin with `**` applied; `undefined` when it cannot
 * be parsed.
 */
export function redactLine(
  text: string,
  { redaction, keepsUnparsed }: RedactionOptions,
  noteValue: NoteValue,
): string | undefined {
  if (text === '') return text
  if (text.length > MOST_BYTES) return undefined
  // The paths also reach into text that is nearly JSON. Where it must not be stored, that is no use.
  if (!keepsUnparsed && !isJson(text)) return undefined
  return redaction.redactAnywhere(text, noteValue)
}

/**
 * Returns the same for the bytes of a line, and the same bytes when nothing changes. In bytes that
 * are not UTF-8, names of ASCII are found, and all other bytes stay.
 */
export function redactBytes(
  bytes: Buffer,
  options: RedactionOptions,
  noteValue: NoteValue,
): Buffer | undefined {
  if (bytes.length > MOST_BYTES) return undefined
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1'
  const text = bytes.toString(encoding)
  const redacted = redactLine(text, options, noteValue)
  if (redacted === undefined) return undefined
  return redacted === text ? bytes : Buffer.from(redacted, encoding)
}

/** Describes content that a letter does not hold. */
export function notStored(bytes: Uint8Array): string {
  return `not stored: ${bytes.length} bytes, SHA-256 ${hash('sha256', bytes, 'hex')}`
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
