import type { FastifyInstance } from 'fastify'
import { findExcess } from '../lib/json/scan.ts'
import { readBody } from './read-body.ts'

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
 * name of an attribute, and a push that is refused for its names would come again for days. What
 * `request.bodyBytes` counts is released when the body is parsed, or is not read to its end.
 */
export function readBodiesAsJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('ignore', 'ignore')

  app.addContentTypeParser(JSON_TYPE, (request, _stream, done) => {
    const { bodyBytes } = request
    readBody(request, (error, text = '') => {
      const excess = text.length > UNWEIGHED_LENGTH ? findExcess(text, MOST) : undefined
      if (error) done(error)
      // It has more parts than any push, and is not parsed: null is not an envelope either.
      else if (excess === 'parts') done(null, null)
      // An empty body is refused with the same words as a body that is not JSON.
      else void parseJson(request, excess === 'depth' ? '' : text, done)
      // From now on the message counts its own bytes.
      bodyBytes.release()
    })
  })
}
