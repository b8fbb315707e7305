const STRING_HEADER_BYTES = 16
const BEYOND_LATIN_1 = /[\u0100-\uffff]/

/** What a string of its own takes of V8's heap: a byte a character, or two if one is not Latin-1. */
export function heapBytesOf(text: string): number {
  return STRING_HEADER_BYTES + (BEYOND_LATIN_1.test(text) ? 2 * text.length : text.length)
}
