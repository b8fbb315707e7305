const STRING_HEADER_BYTES = 16
const BEYOND_LATIN_1 = /[\u0100-\uffff]/

/**
 * Estimates the bytes that a string takes in V8's heap: one a character, or two if one character is
 * not Latin-1.
 */
export function heapBytesOf(text: string): number {
  return STRING_HEADER_BYTES + (BEYOND_LATIN_1.test(text) ? 2 * text.length : text.length)
}
