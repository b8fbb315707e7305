import type { FastifyRequest } from 'fastify'
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
export type BodyDone = (error: BodyError | null, body?: Buffer) => void

/** A body is in memory twice while it is parsed: as bytes, and as values. */
export const BODY_COPIES = 2

/**
 * Reads the body of a request. A body that comes in chunks is counted in `bodyBytes` as it
 * arrives; the length of any other was announced, and is counted already. Bytes beyond the limit of
 * a body are not counted: the body is refused for them. The caller releases what is counted.
 */
export function readBody(
  {
    raw: request,
    announcedBytes,
    bodyBytes,
  }: Pick<FastifyRequest, 'raw' | 'announcedBytes' | 'bodyBytes'>,
  done: BodyDone,
): void {
  let chunks: Buffer[] = []
  /** The bytes of an announced body. Chunks beside their copy would take twice its bytes. */
  let announced: Buffer | undefined
  let length = 0

  // A client that hung up while its token was checked has closed already, and no event follows.
  if (request.destroyed) done(brokenOff())
  else request.on('data', take).on('end', finish).on('error', breakOff)

  function take(chunk: Buffer): void {
    const at = length
    length += chunk.length
    if (length > MAX_BODY_BYTES) stop(new BodyError(413, 'the body is too large'))
    else if (announcedBytes > 0) addAnnounced(chunk, at)
    else if (bodyBytes.tryAdd(BODY_COPIES * chunk.length)) chunks.push(chunk)
    else stop(new BodyError(503, 'no room for the rest of the body'))
  }

  function addAnnounced(chunk: Buffer, at: number): void {
    if (chunk.length === announcedBytes) announced = chunk
    else {
      announced ??= Buffer.allocUnsafe(announcedBytes)
      chunk.copy(announced, at)
    }
  }

  function finish(): void {
    const whole = announced?.subarray(0, length) ?? Buffer.concat(chunks)
    forget()
    done(null, whole)
  }

  function breakOff(): void {
    stop(brokenOff())
  }

  function stop(error: BodyError): void {
    request.off('data', take).off('end', finish).off('error', breakOff)
    forget()
    done(error)
  }

  /** Forgets the bytes: the request, and with it this function, lives until the push is answered. */
  function forget(): void {
    announced = undefined
    chunks = []
  }
}

function brokenOff(): BodyError {
  return new BodyError(400, 'the client hung up before the end of the body')
}
