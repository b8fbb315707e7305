import type { MessageData } from '../model/message.ts'

/** The bytes that become text at a time, and their text. Short texts are collected soon. */
const PIECE_BYTES = 48 * 1024
const PIECE_LENGTH = 64 * 1024
const EQUALS_SIGN = 0x3d

/**
 * Returns the bytes of a base64 text, or `undefined` when it is not base64. Both alphabets are
 * accepted, and padding may be left out. White space is not accepted, nor other characters that
 * Node would skip.
 */
export function bytesOfBase64(text: string): Buffer | undefined {
  const length = lengthOfBytes(text.length, text.endsWith('==') ? 2 : Number(text.endsWith('=')))
  // Node reads U+0141 as U+0041, the letter A. Only ASCII has as many bytes as characters.
  if (length === undefined || Buffer.byteLength(text) !== text.length) return undefined
  const bytes = Buffer.from(text, 'base64')
  // Node skips a character that is not base64. Bytes are then missing.
  return bytes.length === length ? bytes : undefined
}

/** Does the same for a text in bytes, piece by piece: the whole text never becomes a string. */
export function decodeBase64(text: Buffer): Buffer | undefined {
  const isPadded = text.at(-1) === EQUALS_SIGN
  const padding = isPadded && text.at(-2) === EQUALS_SIGN ? 2 : Number(isPadded)
  const length = lengthOfBytes(text.length, padding)
  if (length === undefined) return undefined
  const bytes = Buffer.allocUnsafe(length)
  let written = 0
  for (let from = 0; from < text.length; from += PIECE_LENGTH) {
    const piece = text.toString('latin1', from, from + PIECE_LENGTH)
    written += bytes.write(piece, written, 'base64')
  }
  return written === length ? bytes : undefined
}

/** Returns the bytes of data. Characters that are not base64 are left out. */
export function bytesOf(data: MessageData): Buffer {
  return typeof data === 'string' ? Buffer.from(data, 'base64') : data
}

/** Returns the number of bytes of a text of this length; `undefined` when no text has this length. */
function lengthOfBytes(length: number, padding: number): number | undefined {
  const digits = length - padding
  if (digits % 4 === 1 || (padding > 0 && length % 4 !== 0)) return undefined
  return Math.floor((digits * 3) / 4)
}

/** Returns the length of the base64 of these bytes. */
export function base64Length(bytes: Buffer): number {
  return Math.ceil(bytes.length / 3) * 4
}

/** Writes the base64 of `bytes` into `target`, piece by piece. Returns its length. */
export function writeBase64(bytes: Buffer, target: Buffer, targetAt: number): number {
  let at = targetAt
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    at += target.write(bytes.toString('base64', from, from + PIECE_BYTES), at, 'latin1')
  }
  return at - targetAt
}
