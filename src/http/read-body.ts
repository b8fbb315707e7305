import type { IncomingMessage } from 'node:http'
import type { BodyBytes } from '../lib/byte-budget.ts'
import { MAX_BODY_BYTES } from '../model/limits.ts'

/** A body that is not read to its end, with the status of the answer. */
export class BodyError extends Error {
  readonly statusCode: 400 | 413 | 503

  constructor(statusCode: BodyError['statusCode'], message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

/** Called once: with the whole body, or with the reason why there is none. */
export type BodyDone = (error: BodyError | null, body?: string) => void

/** A body is in memory twice while it is parsed: as bytes, and as values. */
export const BODY_COPIES = 2

/**
 * The size from which an announced body is collected in one Buffer. Its chunks and their copy would
 * take twice its bytes.
 */
const LARGE_BYTES = 256 * 1024

/**
 * Reads a body as text. A body that comes in chunks is counted in `bodyBytes` as it arrives; the
 * length of any other was announced, and is counted already. Bytes beyond the limit of a body are
 * not counted: the body is refused for them. The caller releases what is counted.
 */
export function readBody(request: IncomingMessage, bodyBytes: BodyBytes, done: BodyDone): void {
  const announced = Number(request.headers['content-length'] ?? 0)
  const isCounted = request.headers['content-length'] !== undefined
  const large = announced > LARGE_BYTES ? Buffer.allocUnsafeSlow(announced) : undefined
  const chunks: Buffer[] = []
  let length = 0

  // A client that hung up while its token was checked has closed already, and no event follows.
  if (request.destroyed) done(brokenOff())
  else request.on('data', take).on('end', finish).on('error', breakOff)

  function take(chunk: Buffer): void {
    length += chunk.length
    if (length > MAX_BODY_BYTES) stop(new BodyError(413, 'the body is too large'))
    else if (large) chunk.copy(large, length - chunk.length)
    else if (isCounted || bodyBytes.tryAdd(BODY_COPIES * chunk.length)) chunks.push(chunk)
    else stop(new BodyError(503, 'no room for the rest of the body'))
  }

  function finish(): void {
    const [first] = chunks
    const small = first && chunks.length === 1 ? first : Buffer.concat(chunks)
    done(null, (large?.subarray(0, length) ?? small).toString())
  }

  function breakOff(): void {
    stop(brokenOff())
  }

  function stop(error: BodyError): void {
    request.off('data', take).off('end', finish).off('error', breakOff)
    done(error)
  }
}

function brokenOff(): BodyError {
  return new BodyError(400, 'the client hung up before the end of the body')
}
