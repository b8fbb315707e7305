import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ByteBudget } from '../lib/byte-budget.ts'
import { MAX_BODY_BYTES } from '../model/limits.ts'
import { excessOf, readLargePush, SMALL_PUSH_LENGTH } from './large-push.ts'

/** The content type that every push body is read as. */
export const JSON_TYPE = 'application/json'

/** A body that is not read to its end, with the status of the answer. */
export class BodyError extends Error {
  readonly statusCode: 400 | 408 | 413 | 503

  constructor(statusCode: BodyError['statusCode'], message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

/** A body is in memory twice while it is parsed: as bytes, and as values. */
const BODY_COPIES = 2

/** Called once, with the body as values or with the reason why there is none. */
type ParseDone = (error: Error | null, body?: unknown) => void

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes of large data, which the body then lacks. */
    largeData: Buffer | undefined
    /** The length of the body, as its header announces it; 0 when the body comes in chunks. */
    announcedBytes: number
    /** Asks for the body; absent unless the client waits for that. */
    askForBody: (() => void) | undefined
  }
}

/**
 * Reads a body as JSON, whatever its content type says. curl says it is a form, and an unwrapped
 * push may say anything or nothing. A key like `__proto__` stays a key: Pub/Sub allows it as the
 * name of an attribute, and a push that is refused for its names would come again for days.
 *
 * The bytes of a body count in `budget` from before it is read until it is parsed: its announced
 * length at once, and a body that comes in chunks as it arrives. A body without room is not read.
 */
export function readBodiesAsJson(app: FastifyInstance, budget: Pick<ByteBudget, 'openBody'>): void {
  const parseJson = app.getDefaultJsonParser('ignore', 'ignore')

  app.decorateRequest('largeData', undefined)
  app.decorateRequest('announcedBytes', 0)
  app.decorateRequest('askForBody', undefined)
  app.addContentTypeParser(JSON_TYPE, readBody)

  function readBody(request: FastifyRequest, raw: IncomingMessage, done: ParseDone): void {
    const { announcedBytes } = request
    const room = budget.openBody()
    let chunks: Buffer[] = []
    /** The bytes of an announced body. Chunks beside their copy would take twice its bytes. */
    let announced: Buffer | undefined
    let length = 0

    // A client that hung up while its token was checked has closed already, and no event follows.
    if (raw.destroyed || raw.aborted) end(brokenOff())
    else if (!room.tryAdd(BODY_COPIES * announcedBytes)) end(noRoom())
    else {
      raw.on('data', take).on('end', finish).on('error', breakOff)
      request.askForBody?.()
    }

    function take(chunk: Buffer): void {
      const at = length
      length += chunk.length
      if (length > MAX_BODY_BYTES) stop(new BodyError(413, 'the body is too large'))
      else if (chunk.length === announcedBytes) announced = chunk
      else if (announcedBytes > 0) addAnnounced(chunk, at)
      else if (room.tryAdd(BODY_COPIES * chunk.length)) chunks.push(chunk)
      else stop(noRoom())
    }

    function addAnnounced(chunk: Buffer, at: number): void {
      announced ??= Buffer.allocUnsafe(announcedBytes)
      chunk.copy(announced, at)
    }

    function finish(): void {
      const whole = announced?.subarray(0, length) ?? Buffer.concat(chunks)
      // A request of HTTP/2 that its client has reset ends like any other.
      end(raw.aborted ? brokenOff() : whole)
    }

    function breakOff(error: Error): void {
      stop(error instanceof BodyError ? error : brokenOff())
    }

    function stop(error: BodyError): void {
      raw.off('data', take).off('end', finish).off('error', breakOff)
      end(error)
    }

    function end(body: Buffer | BodyError): void {
      // The request, and with it this function, lives until the push is answered.
      announced = undefined
      chunks = []
      if (body instanceof BodyError) done(body)
      else if (body.length <= SMALL_PUSH_LENGTH) void parseJson(request, body.toString(), done)
      else parseLarge(request, body, done)
      // From now on the message counts its own bytes.
      room.release()
    }
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

function brokenOff(): BodyError {
  return new BodyError(400, 'the client hung up before the end of the body')
}

function noRoom(): BodyError {
  return new BodyError(503, 'no room for the body')
}
