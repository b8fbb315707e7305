import { Transform } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { BodyBytes } from '../lib/byte-budget.ts'
import { excessIn } from '../lib/json/scan.ts'
import { MAX_BODY_BYTES } from '../model/limits.ts'

/** The content type that every push body is read as. */
export const JSON_TYPE = 'application/json'

/** A body up to this length is parsed in a few milliseconds, whatever it holds. */
const UNWEIGHED_LENGTH = 64 * 1024
/**
 * The most structure of a push. One with as many attributes as the envelope allows has 600 parts
 * and four levels.
 */
const MOST = { depth: 1_000, parts: 4_096 }

/**
 * Reads a body as JSON, whatever its content type says. curl says it is a form, and an unwrapped
 * push may say anything or nothing. A key like `__proto__` stays a key: Pub/Sub allows it as the
 * name of an attribute, and a push that is refused for its names would come again for days.
 */
export function readBodiesAsJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('ignore', 'ignore')
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'string' }, (request, body, done) => {
    const text = String(body)
    const excess = text.length > UNWEIGHED_LENGTH ? excessIn(text, MOST) : undefined
    // It has more parts than any push, and is not parsed: null is not an envelope either.
    if (excess === 'parts') done(null, null)
    // An empty body is refused with the same words as a body that is not JSON.
    else void parseJson(request, excess === 'depth' ? '' : text, done)
    // From now on the message counts its own bytes.
    request.bodyBytes.release()
  })
}

/** A body is in memory twice while it is parsed: as bytes, and as values. */
const COPIES = 2

/** Returns the bytes of the budget that a body takes until it is parsed. */
export function memoryFor(bodyBytes: number): number {
  return COPIES * bodyBytes
}

/** The service has become full while a body arrived. */
export class FullError extends Error {
  readonly statusCode = 503
}

/**
 * Passes a body on as it arrives, and fails with a `FullError` when there is no room for more.
 * Bytes beyond the limit of a body take no room: the body is refused for them.
 */
export function createChunkCounter(bodyBytes: Pick<BodyBytes, 'tryAdd'>): Transform {
  let left = MAX_BODY_BYTES
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const bytes = Math.min(chunk.length, left)
      left -= bytes
      if (bodyBytes.tryAdd(memoryFor(bytes))) done(null, chunk)
      else done(new FullError('no room for the rest of the body'))
    },
  })
}
