import type { FastifyInstance, FastifyRequest } from 'fastify'
import { MAX_BODY_BYTES } from '../model/limits.ts'
import { excessOf, readLargePush, SMALL_PUSH_LENGTH } from './large-push.ts'

/** The content type that every push body is read as. */
export const JSON_TYPE = 'application/json'

/** A body that is not read to its end, with the status of the answer. */
export class BodyError extends Error {
  readonly statusCode: 400 | 413 | 503

  constructor(statusCode: BodyError['statusCode'], message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

/** A body is in memory twice while it is parsed: as bytes, and as values. */
export const BODY_COPIES = 2

/** Called once: with the whole body, or with the reason why there is none. */
type ReadDone = (body: Buffer | BodyError) => void

/** Called once, with the body as values or with the reason why there is none. */
type ParseDone = (error: Error | null, body?: unknown) => void

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes of large data, which the body then lacks. */
    largeData: Buffer | undefined
  }
}

/**
 * Reads a body as JSON, whatever its content type says. curl says it is a form, and an unwrapped
 * push may say anything or nothing. A key like `__proto__` stays a key: Pub/Sub allows it as the
 * name of an attribute, and a push that is refused for its names would come again for days. What
 * `request.bodyBytes` counts is released when the body is parsed, or is not read to its end.
 */
export function readBodiesAsJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('ignore', 'ignore')

  app.decorateRequest('largeData', undefined)
  app.addContentTypeParser(JSON_TYPE, (request, _stream, done) => {
    const { bodyBytes } = request
    readBody(request, (body) => {
      if (body instanceof BodyError) done(body)
      else parseBody(request, body, done)
      // From now on the message counts its own bytes.
      bodyBytes.release()
    })
  })

  function parseBody(request: FastifyRequest, bytes: Buffer, done: ParseDone): void {
    if (bytes.length <= SMALL_PUSH_LENGTH) void parseJson(request, bytes.toString(), done)
    else parseLarge(request, bytes, done)
  }

  function parseLarge(request: FastifyRequest, bytes: Buffer, done: ParseDone): void {
    const push = readLargePush(bytes)
    if (push) {
      request.largeData = push.data
      done(null, push.body)
      return
    }
    const text = bytes.toString()
    const excess = excessOf(text)
    // It has more parts than any push, and is not parsed: null is not an envelope either.
    if (excess === 'parts') done(null, null)
    // An empty body is refused with the same words as a body that is not JSON.
    else void parseJson(request, excess === 'depth' ? '' : text, done)
  }
}

/**
 * Reads the body of a request. A body that comes in chunks is counted in `bodyBytes` as it
 * arrives; the length of any other was announced, and is counted already. Bytes beyond the limit of
 * a body are not counted: the body is refused for them. The caller releases what is counted.
 */
function readBody(
  {
    raw: request,
    announcedBytes,
    bodyBytes,
  }: Pick<FastifyRequest, 'raw' | 'announcedBytes' | 'bodyBytes'>,
  done: ReadDone,
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
    done(whole)
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
