import type { Readable } from 'node:stream'

/**
 * Reads the rest of a stream's body and throws it away, so that the connection can serve the next
 * request. A body with more than `maxBytes` left ends its stream, and with HTTP/1 the connection.
 */
export function throwBodyAway(stream: Readable, maxBytes: number): void {
  let left = maxBytes
  stream.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) stream.destroy()
  })
  stream.resume()
}
