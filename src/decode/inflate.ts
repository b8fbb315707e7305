import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'
import type { MessageBytes } from '../lib/byte-budget.ts'

/** The result of inflating bytes. */
export type Inflated = Readonly<
  | { kind: 'inflated'; bytes: Buffer }
  | { kind: 'too_large' | 'corrupt' | 'followed' | 'out_of_time' }
>
/** The bytes of a message, as far as inflating needs them. */
export type InflateBytes = Pick<MessageBytes, 'reserve' | 'commit' | 'cancel'>

/**
 * Inflates bytes. `readAgain` returns the same bytes once more, so that a message that waits for
 * its turn need not hold them.
 */
export type Inflate = (
  compressed: Buffer,
  readAgain: () => Buffer,
  messageBytes: InflateBytes,
  wanted: () => boolean,
) => Inflated | Promise<Inflated>

/** The size of gzip that is inflated between two requests, in half a millisecond. */
const SMALL_COMPRESSED_BYTES = 32 * 1024
const SMALL_BYTES = 256 * 1024
/** The highest ratio of deflate: 258 bytes in two bits (https://zlib.net/zlib_tech.html). */
const MAX_RATIO = 1032
/**
 * The errors of zlib for bytes that are cut off or damaged. All others, such as no memory, are
 * unforeseen.
 */
const CORRUPT_CODES = ['Z_DATA_ERROR', 'Z_BUF_ERROR']

const gunzipInBackground = promisify(gunzip)

/**
 * Makes an `Inflate` for gzip of one member or several, up to `maxBytes`. A small one is inflated
 * at once. The bytes of a large one are reserved first, and the inflated bytes are counted.
 */
export function createInflate(maxBytes: number): Inflate {
  const smallBytes = Math.min(SMALL_BYTES, maxBytes)

  return function inflate(compressed, readAgain, messageBytes, wanted) {
    const size = sizeInTrailer(compressed)
    if (compressed.length > SMALL_COMPRESSED_BYTES || size > SMALL_BYTES) {
      return inflateInTurn(readAgain, limitsFor(compressed, size), messageBytes, wanted)
    }
    const inflated = inflateSmall(compressed)
    if (inflated.kind !== 'too_large' || smallBytes === maxBytes) return inflated
    return inflateInTurn(readAgain, [maxBytes], messageBytes, wanted)
  }

  function inflateSmall(compressed: Buffer): Inflated {
    try {
      return inflatedOf(
        compressed,
        gunzipSync(compressed, { maxOutputLength: smallBytes, info: true }),
      )
    } catch (error) {
      return failureOf(error)
    }
  }

  /**
   * Returns the limits to try. The trailer has only the last member's size, and in damaged bytes it
   * is wrong: a second try then has the full limit.
   */
  function limitsFor(compressed: Buffer, size: number): readonly number[] {
    const plausible = size > 0 && size < maxBytes && size <= compressed.length * MAX_RATIO
    return plausible ? [size, maxBytes] : [maxBytes]
  }
}

async function inflateInTurn(
  readCompressed: () => Buffer,
  limits: readonly number[],
  messageBytes: InflateBytes,
  wanted: () => boolean,
): Promise<Inflated> {
  for (const limit of limits) {
    if (!(await messageBytes.reserve(limit, wanted))) return { kind: 'out_of_time' }
    const inflated = await inflateUpTo(limit, readCompressed())
    if (inflated.kind === 'inflated') messageBytes.commit(inflated.bytes.length)
    else messageBytes.cancel()
    if (inflated.kind !== 'too_large') return inflated
  }
  return { kind: 'too_large' }
}

async function inflateUpTo(maxOutputLength: number, compressed: Buffer): Promise<Inflated> {
  try {
    // One chunk with room to spare: several would be copied into one at the end, twice the memory.
    const chunkSize = maxOutputLength + 64
    const options = { maxOutputLength, chunkSize, info: true }
    return inflatedOf(compressed, await gunzipInBackground(compressed, options))
  } catch (error) {
    return failureOf(error)
  }
}

/**
 * Reads zlib's answer with `info`. zlib stops at a zero byte after a member, and does not report
 * what follows. Only zeros may follow, as padding.
 */
function inflatedOf(compressed: Buffer, answer: Buffer | Info): Inflated {
  if (!('engine' in answer)) throw new TypeError('zlib does not report how much it has read')
  const { buffer, engine } = answer
  if (!areZeros(compressed, engine.bytesWritten)) return { kind: 'followed' }
  return { kind: 'inflated', bytes: withoutRoomToSpare(buffer) }
}

function areZeros(bytes: Buffer, start: number): boolean {
  for (let at = start; at < bytes.length; at++) if (bytes[at] !== 0) return false
  return true
}

/** The answer that the option `info` gives, which Node's types do not know. */
interface Info {
  readonly buffer: Buffer
  /** The engine; `bytesWritten` is the number of compressed bytes that were read. */
  readonly engine: { readonly bytesWritten: number }
}

/**
 * Copies the bytes when their chunk has much room to spare: it would be held until their message is
 * settled.
 */
function withoutRoomToSpare(bytes: Buffer): Buffer {
  return bytes.buffer.byteLength > 2 * bytes.length ? Buffer.from(bytes) : bytes
}

function failureOf(error: unknown): Inflated {
  if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') return { kind: 'too_large' }
  if (isCorrupt(error)) return { kind: 'corrupt' }
  throw error
}

/** Whether zlib found bytes that are cut off or damaged. */
export function isCorrupt(error: unknown): boolean {
  return CORRUPT_CODES.includes(codeOf(error))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Returns ISIZE: the size of the last member, modulo 2^32 (RFC 1952, 2.3.1). */
function sizeInTrailer(compressed: Buffer): number {
  return compressed.length < 4 ? 0 : compressed.readUInt32LE(compressed.length - 4)
}
