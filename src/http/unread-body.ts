import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Readable } from 'node:stream'

/**
 * Reads the rest of a request's body and throws it away, so that the connection can serve the next
 * request. A body with more than `maxBytes` left ends its stream, and with HTTP/1 the connection.
 */
export function throwBodyAway(
  request: IncomingMessage | Http2ServerRequest,
  maxBytes: number,
): void {
  throwAway(request, maxBytes, () => {
    if ('stream' in request) request.stream.close()
    else request.destroy()
  })
}

/** Reads a stream and throws its bytes away. Calls `stop` at each chunk past `maxBytes`. */
export function throwAway(stream: Readable, maxBytes: number, stop: () => void): void {
  let left = maxBytes
  stream.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) stop()
  })
  stream.resume()
}
