import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
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

/** Below it, the round trip through the thread pool costs more than the bytes saved. */
const SMALLEST_GZIP_BYTES = 1_024

const gzipAsync = promisify(gzip)

/**
 * The JSON array of a batch, its events byte for byte, gzipped off the event loop. Level 1 takes
 * half the CPU of level 6 for 15 % more bytes. `limit` caps the gzips under way: they share four
 * threads with the verification of tokens.
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
  const bytes = await limit(() => gzipAsync(plain, { level: constants.Z_BEST_SPEED }))
  return { bytes, encoding: 'gzip', plainBytes }
}
