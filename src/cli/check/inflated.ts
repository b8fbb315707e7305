import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { isCorrupt } from '../../decode/inflate.ts'
import { isGzip } from '../../decode/read-text.ts'

/** The bytes of a file cannot be read to their end. */
export class DamagedText extends Error {
  override readonly name = 'DamagedText'
}

const CHUNK_BYTES = 256 * 1024

/** Returns the bytes, inflated if they are gzip. Rejects with `DamagedText` where they are damaged. */
export async function* inflated(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = chunks[Symbol.asyncIterator]()
  try {
    const head = await headOf(source)
    yield* isGzip(head) ? gunzipped(head, source) : followedBy(head, source)
  } finally {
    await source.return?.()
  }
}

/** Returns the first two bytes at least, if there are so many. */
async function headOf(source: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < 2) {
    const { done, value } = await source.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  return head
}

async function* followedBy(head: Buffer, source: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head
  for (;;) {
    const { done, value } = await source.next()
    if (done) return
    yield value
  }
}

/** zlib stops at a zero after a member. Only zeros may follow, as padding. */
async function* gunzipped(head: Buffer, source: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  /** The chunks that zlib may not have read yet. */
  const given: Buffer[] = []
  let givenBytes = 0
  const feed = remembered()
  const compressed = Readable.from(feed, { objectMode: false })
  compressed.on('error', (error) => gunzip.destroy(error))
  try {
    yield* compressed.pipe(gunzip)
  } catch (error) {
    throw isCorrupt(error) ? new DamagedText('the gzip is cut off or damaged') : error
  } finally {
    compressed.destroy()
    // It may be about to read another chunk.
    await feed.return(undefined)
  }
  const unread = Buffer.concat(given).subarray(bytesIn(given) - (givenBytes - gunzip.bytesWritten))
  for await (const rest of followedBy(unread, source)) {
    if (rest.some((byte) => byte !== 0)) {
      throw new DamagedText('the bytes that follow the gzip are neither another member nor zeros')
    }
  }

  async function* remembered(): AsyncGenerator<Buffer> {
    for await (const chunk of followedBy(head, source)) {
      while (given.length > 0 && givenBytes - bytesIn(given.slice(1)) <= gunzip.bytesWritten)
        given.shift()
      given.push(chunk)
      givenBytes += chunk.length
      yield chunk
    }
  }
}

function bytesIn(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0)
}
