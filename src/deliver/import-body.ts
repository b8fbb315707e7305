import { promisify } from 'node:util'
import { constants, gzip, gzipSync } from 'node:zlib'
import type { Limit } from '../lib/semaphore.ts'
import type { Traveller } from '../model/journey.ts'

export interface ImportBody {
  readonly bytes: Buffer
  readonly encoding: 'gzip' | 'identity'
  /** Before compression. */
  readonly plainBytes: number
}

/** `plain`: as it is, however large. */
export type BodyForm = 'compressed' | 'plain'

/** Below it, compression costs more than the bytes saved. */
const SMALLEST_GZIP_BYTES = 1_024
/** Small enough to be compressed between two requests: the way to another thread costs more. */
const SMALL_BYTES = 64 * 1_024
/** Takes half the CPU of level 6 for 15 % more bytes. */
const LEVEL = { level: constants.Z_BEST_SPEED }

const gzipInBackground = promisify(gzip)

/**
 * The JSON array of a batch, its events byte for byte, gzipped, a large one off the event loop.
 * `limit` caps the gzips under way there: they share four threads with the verification of tokens.
 */
export async function importBodyOf(
  batch: readonly Traveller[],
  limit: Limit,
  form: BodyForm = 'compressed',
): Promise<ImportBody> {
  const plain = Buffer.from(`[${batch.map(({ event }) => event.text).join(',')}]`)
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
