import type { FastifyInstance, FastifyRequest } from 'fastify'
import { findExcess, type Shape } from '../lib/json/scan.ts'
import { cutLargest, type LargePush, readLargePush } from './large-push.ts'
import { readBody } from './read-body.ts'

/** The content type that every push body is read as. */
export const JSON_TYPE = 'application/json'

/**
 * The length of a body that is small: it has no large data, and is parsed in a few milliseconds,
 * whatever it holds.
 */
const SMALL_LENGTH = 64 * 1024
/**
 * The most structure of a push. One with as many attributes as the envelope allows has 600 parts
 * and four levels.
 */
const MOST = { depth: 1_000, parts: 4_096 }

/** Stands for the body of a request that was not read. */
const NO_BYTES = Buffer.alloc(0)

/** Called once, with the body or with the reason why there is none. */
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
    readBody(request, (error, bytes = NO_BYTES) => {
      if (error) done(error)
      else parseBody(request, bytes, done)
      // From now on the message counts its own bytes.
      bodyBytes.release()
    })
  })

  function parseBody(request: FastifyRequest, bytes: Buffer, done: ParseDone): void {
    if (bytes.length <= SMALL_LENGTH) void parseJson(request, bytes.toString(), done)
    else parseLarge(request, bytes, done)
  }

  function parseLarge(request: FastifyRequest, bytes: Buffer, done: ParseDone): void {
    const push = readLarge(bytes)
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

function readLarge(bytes: Buffer): LargePush | undefined {
  const cut = cutLargest(bytes)
  return cut && excessOf(cut.text) === undefined ? readLargePush(cut) : undefined
}

function excessOf(text: string): keyof Shape | undefined {
  return text.length > SMALL_LENGTH ? findExcess(text, MOST) : undefined
}
