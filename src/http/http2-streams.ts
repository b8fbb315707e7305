import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { constants } from 'node:http2'
import type { Clock } from '../lib/clock.ts'
import { LINGER_MS, MAX_UNREAD_BYTES } from './lingering-close.ts'
import { BodyError } from './push-body.ts'
import { throwAway } from './unread-body.ts'

/**
 * The time in which a request must arrive, as with HTTP/1, and in which a client with a good token
 * must take its answer.
 */
const RECEIVE_TIMEOUT_MS = 30_000

/**
 * The open streams of all HTTP/2 sessions; each has one request. What HTTP/1 does to a connection is
 * done to a stream: the other streams of its session go on.
 */
export interface Http2Streams {
  /** Called when a request has begun. */
  begin(request: Http2ServerRequest, response: Http2ServerResponse): void
  /** Called when a request has shown a good token. */
  noteGoodToken(request: Http2ServerRequest): void
  /** Ends the streams whose client is late. It is called every two seconds. */
  endLate(): void
  /** Ends the streams that have no answer, or whose client still sends. */
  endUnfinished(): void
}

interface OpenStream {
  readonly request: Http2ServerRequest
  readonly response: Http2ServerResponse
  hasGoodToken: boolean
  /** Monotonic ms: when the headers came, and later, when the answer was given. */
  since: number
}

/**
 * Keeps the open streams. At most `maxStrangers` of them have shown no good token: the oldest one
 * makes room.
 */
export function createHttp2Streams(
  maxStrangers: number,
  clock: Pick<Clock, 'monotonic'>,
): Http2Streams {
  const streams = new Map<Http2ServerRequest, OpenStream>()
  const strangers = new Set<OpenStream>()

  return { begin, noteGoodToken, endLate, endUnfinished }

  function begin(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const open = { request, response, hasGoodToken: false, since: clock.monotonic() }
    const [oldest] = strangers.size >= maxStrangers ? strangers : []
    if (oldest) end(oldest, constants.NGHTTP2_ENHANCE_YOUR_CALM)
    streams.set(request, open)
    strangers.add(open)
    // It must run before the listener of Node, which ends a stream whose body nobody reads.
    request.stream.once('finish', () => answered(open))
    response.once('close', () => forget(open))
  }

  function noteGoodToken(request: Http2ServerRequest): void {
    const open = streams.get(request)
    if (!open) return
    open.hasGoodToken = true
    strangers.delete(open)
  }

  /** Reads a little more of an unread body, so that a client that sends first gets its answer. */
  function answered(open: OpenStream): void {
    const { request, response, hasGoodToken } = open
    open.since = clock.monotonic()
    if (request.complete || request.stream.closed) return
    // The push route throws the body away by itself, so that it can come again over this session.
    if (hasGoodToken && response.statusCode === 503) return
    throwAway(request, MAX_UNREAD_BYTES, () => request.pause())
  }

  function forget(open: OpenStream): void {
    streams.delete(open.request)
    strangers.delete(open)
  }

  function endLate(): void {
    const now = clock.monotonic()
    for (const open of streams.values()) {
      if (!isLate(open, now)) continue
      const { stream } = open.request
      if (stream.closed || stream.writableFinished) end(open, constants.NGHTTP2_NO_ERROR)
      else if (open.response.writableEnded) end(open, constants.NGHTTP2_CANCEL)
      else breakOff(open.request)
    }
  }

  function endUnfinished(): void {
    for (const open of streams.values()) {
      const { request, response } = open
      if (!response.writableEnded || !request.complete) end(open, constants.NGHTTP2_CANCEL)
    }
  }
}

function isLate({ request, response, hasGoodToken, since }: OpenStream, now: number): boolean {
  if (request.stream.closed) return true
  const isAnswered = response.writableEnded
  if (!isAnswered && (request.complete || request.destroyed)) return false
  return now - since >= (isAnswered && !hasGoodToken ? LINGER_MS : RECEIVE_TIMEOUT_MS)
}

function end({ request: { stream } }: OpenStream, code: number): void {
  // Node keeps a stream for ever that its client has reset without an error before the answer was
  // sent.
  if (stream.closed) stream.destroy()
  else stream.close(code)
}

/** Breaks a body off, so that its reader answers. */
function breakOff(request: Http2ServerRequest): void {
  // There is no reader yet while the token is checked.
  request.on('error', () => {})
  request.destroy(new BodyError(408, 'the body did not arrive in time'))
}
