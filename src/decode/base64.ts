const PADDING = 0x3d

/**
 * Returns the bytes of a base64 text, or `undefined` when it is not base64. Both alphabets are
 * accepted, and padding may be left out. White space is not accepted, nor other characters that
 * Node would skip.
 */
export function bytesOfBase64(text: string): Buffer | undefined {
  const padding = paddingOf(text)
  const digits = text.length - padding
  if (digits % 4 === 1 || (padding > 0 && text.length % 4 !== 0)) return undefined
  const bytes = Buffer.from(text, 'base64')
  // Node skips a character that is not base64. Bytes are then missing.
  return bytes.length === Math.floor((digits * 3) / 4) ? bytes : undefined
}

function paddingOf(text: string): number {
  if (text.charCodeAt(text.length - 1) !== PADDING) return 0
  return text.charCodeAt(text.length - 2) === PADDING ? 2 : 1
}
