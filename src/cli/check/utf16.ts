const LITTLE_ENDIAN_MARK = [0xff, 0xfe]
const BIG_ENDIAN_MARK = [0xfe, 0xff]
/** The bytes that are looked at. */
const LOOKED_AT = 64

/**
 * Whether a text begins as UTF-16: with a byte-order mark, or with a zero in every second byte, as
 * ASCII has.
 */
export function isUtf16(bytes: Uint8Array): boolean {
  return begins(bytes, LITTLE_ENDIAN_MARK) || begins(bytes, BIG_ENDIAN_MARK) || alternates(bytes)
}

function begins(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, at) => bytes[at] === byte)
}

function alternates(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, Math.min(LOOKED_AT, bytes.length - (bytes.length % 2)))
  if (start.length < 4) return false
  const zeros = [0, 0]
  for (const [at, byte] of start.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const half = start.length / 2
  return zeros.some((count, parity) => count === half && zeros[1 - parity] === 0)
}
