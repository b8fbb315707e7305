import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'
import type { Hold } from '../lib/byte-budget.ts'

/** What became of compressed bytes. */
export type Inflated = Readonly<
  | { kind: 'inflated'; bytes: Buffer }
  | { kind: 'too_large' | 'corrupt' | 'followed' | 'out_of_time' }
>
/** What of a hold is used while bytes are inflated. */
export type InflateHold = Pick<Hold, 'reserve' | 'keep'>

/** `readAgain` gives the same bytes once more: who waits for a turn waits without them. */
export type Inflate = (
  compressed: Buffer,
  readAgain: () => Buffer,
  hold: InflateHold,
  wanted: () => boolean,
) => Inflated | Promise<Inflated>

/** Small enough to be inflated between two requests: half a millisecond. */
const SMALL_COMPRESSED_BYTES = 32 * 1024
const SMALL_BYTES = 256 * 1024
/** The most that deflate can save: 258 bytes in two bits (https://zlib.net/zlib_tech.html). */
const MAX_RATIO = 1032
/** What zlib says of bytes that are cut off or damaged. All else, such as no memory, is unforeseen. */
const CORRUPT_CODES = ['Z_DATA_ERROR', 'Z_BUF_ERROR', 'Z_NEED_DICT']

const gunzipInBackground = promisify(gunzip)

/** Whether bytes are gzip. Text never is: no UTF-8 begins like this (RFC 1952, 2.3.1). */
export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/**
 * Inflates gzip of one member or several, to at most `maxBytes`. A small one is answered at once;
 * for a large one the bytes are reserved first, and what was inflated is kept in the hold.
 */
export function createInflate(maxBytes: number): Inflate {
  const smallBytes = Math.min(SMALL_BYTES, maxBytes)

  return function inflate(compressed, readAgain, hold, wanted) {
    const size = sizeInTrailer(compressed)
    if (compressed.length > SMALL_COMPRESSED_BYTES || size > SMALL_BYTES) {
      return inflateInTurn(readAgain, limitsFor(compressed, size), hold, wanted)
    }
    const inflated = inflateSmall(compressed)
    if (inflated.kind !== 'too_large' || smallBytes === maxBytes) return inflated
    return inflateInTurn(readAgain, [maxBytes], hold, wanted)
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

  /** The trailer knows the last member's size only, and a damaged one lies: then once more. */
  function limitsFor(compressed: Buffer, size: number): readonly number[] {
    const plausible = size > 0 && size < maxBytes && size <= compressed.length * MAX_RATIO
    return plausible ? [size, maxBytes] : [maxBytes]
  }
}

async function inflateInTurn(
  readCompressed: () => Buffer,
  limits: readonly number[],
  hold: InflateHold,
  wanted: () => boolean,
): Promise<Inflated> {
  for (const limit of limits) {
    if (!(await hold.reserve(limit, wanted))) return { kind: 'out_of_time' }
    const inflated = await inflateUpTo(limit, readCompressed())
    hold.keep(inflated.kind === 'inflated' ? inflated.bytes.length : 0)
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
 * What zlib answers with `info`. It stops at a zero byte after a member, and says nothing of what
 * follows: only zeros may, as padding.
 */
function inflatedOf(compressed: Buffer, answer: unknown): Inflated {
  if (!isInfo(answer)) throw new TypeError('zlib says nothing of how much it has read')
  const { buffer, engine } = answer
  if (!areZeros(compressed, engine.bytesWritten)) return { kind: 'followed' }
  return { kind: 'inflated', bytes: withoutRoomToSpare(buffer) }
}

function areZeros(bytes: Buffer, start: number): boolean {
  for (let at = start; at < bytes.length; at++) if (bytes[at] !== 0) return false
  return true
}

interface Info {
  readonly buffer: Buffer
  /** `bytesWritten` is what was read of the compressed bytes. */
  readonly engine: { readonly bytesWritten: number }
}

/** The types of Node do not know what the option `info` changes. */
function isInfo(answer: unknown): answer is Info {
  return typeof answer === 'object' && answer !== null && 'buffer' in answer && 'engine' in answer
}

/** The bytes are held until their message is settled, and the chunk that they lie in with them. */
function withoutRoomToSpare(bytes: Buffer): Buffer {
  return bytes.buffer.byteLength > 2 * bytes.length ? Buffer.from(bytes) : bytes
}

function failureOf(error: unknown): Inflated {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ERR_BUFFER_TOO_LARGE') return { kind: 'too_large' }
  if (CORRUPT_CODES.includes(code)) return { kind: 'corrupt' }
  throw error
}

/** ISIZE: the size of the last member, modulo 2^32 (RFC 1952, 2.3.1). */
function sizeInTrailer(compressed: Buffer): number {
  return compressed.length < 4 ? 0 : compressed.readUInt32LE(compressed.length - 4)
}
