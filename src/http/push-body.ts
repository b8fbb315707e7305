import { Transform } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Room } from '../lib/byte-budget.ts'
import { excessIn } from '../lib/json/scan.ts'
import { MAX_BODY_BYTES } from '../model/limits.ts'

/** What every body of a push is read as. */
export const JSON_TYPE = 'application/json'

/** A body that is parsed in a few milliseconds, whatever is in it. */
const UNWEIGHED_LENGTH = 64 * 1024
/** A push with as many attributes as the envelope takes has 600 parts, and four levels. */
const MOST = { depth: 1_000, parts: 4_096 }

/**
 * Whatever its content type says, a body is read as JSON: curl says it is a form, and an unwrapped
 * push may say anything or nothing. A key like `__proto__` stays a key: Pub/Sub lets an attribute be
 * called so, and a push that is refused for its names would come again for days.
 */
export function readBodiesAsJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('ignore', 'ignore')
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'string' }, (request, body, done) => {
    const text = String(body)
    const excess = text.length > UNWEIGHED_LENGTH ? excessIn(text, MOST) : undefined
    // It has more parts than any push, and is not parsed: null is no envelope either.
    if (excess === 'parts') done(null, null)
    // An empty body is refused with the same words as one that is not JSON.
    else void parseJson(request, excess === 'depth' ? '' : text, done)
    // By now the message counts for itself.
    request.room.release()
  })
}

/** A body is there twice while it is parsed: as it came, and as its values. */
const COPIES = 2

/** What a body of so many bytes takes of the byte budget until it is parsed. */
export function roomFor(bodyBytes: number): number {
  return COPIES * bodyBytes
}

/** The service has become full while a body arrived. */
export class FullError extends Error {
  readonly statusCode = 503
}

/**
 * Passes a body on as it arrives, and fails with a `FullError` when there is no room for more. What
 * goes beyond the limit of a body takes none: it is refused for that.
 */
export function createRoomTaker(room: Pick<Room, 'tryAdd'>): Transform {
  let left = MAX_BODY_BYTES
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const bytes = Math.min(chunk.length, left)
      left -= bytes
      if (room.tryAdd(roomFor(bytes))) done(null, chunk)
      else done(new FullError('no room for the rest of the body'))
    },
  })
}
