import { promisify } from 'node:util'
import { constants, gzip, gzipSync } from 'node:zlib'
import type { Limit } from '../lib/semaphore.ts'
import type { PendingEvent } from '../model/pending-event.ts'

export interface ImportBody {
  readonly bytes: Buffer
  readonly encoding: 'gzip' | 'identity'
  /** The length before compression. */
  readonly plainBytes: number
}

/** The form of a body. `plain`: not compressed, however large it is. */
export type BodyForm = 'compressed' | 'plain'

/** The size below which compression costs more than the bytes saved. */
const SMALLEST_GZIP_BYTES = 1_024
/** The size of a body that is compressed between two requests: another thread would cost more. */
const SMALL_BYTES = 64 * 1_024
/** The level takes half the CPU of level 6, for 15 % more bytes. */
const LEVEL = { level: constants.Z_BEST_SPEED }

const OPENING_BRACKET = 0x5b
const CLOSING_BRACKET = 0x5d
const COMMA = 0x2c

const gzipInBackground = promisify(gzip)

/**
 * Makes the JSON array of a batch, its events byte for byte, compressed; a large one off the event
 * loop. `limit` bounds the compressions there: they share four threads with the verification of
 * tokens.
 */
export async function importBodyOf(
  batch: readonly PendingEvent[],
  limit: Limit,
  form: BodyForm = 'compressed',
): Promise<ImportBody> {
  const plain = arrayOf(batch)
  const plainBytes = plain.byteLength
  if (form === 'plain' || plainBytes < SMALLEST_GZIP_BYTES) {
    return { bytes: plain, encoding: 'identity', plainBytes }
  }
  const bytes =
    plainBytes <= SMALL_BYTES
      ? gzipSync(plain, LEVEL)
      : await limit(() => gzipInBackground(plain, LEVEL))
  return { bytes, encoding: 'gzip', plainBytes }
}

/**
 * Returns the texts of a batch as one JSON array. Each is written straight to its place: a joined
 * string would be one large object more for the collector, and takes three to eight times as long.
 */
function arrayOf(batch: readonly PendingEvent[]): Buffer {
  let length = 1
  for (const { prepared } of batch) length += Buffer.byteLength(prepared.text) + 1
  const array = Buffer.allocUnsafe(length)
  let at = 0
  for (const { prepared } of batch) {
    array[at] = at === 0 ? OPENING_BRACKET : COMMA
    at += 1 + array.write(prepared.text, at + 1)
  }
  array[at] = CLOSING_BRACKET
  return array
}
