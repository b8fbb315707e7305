import type { FastifyReply } from 'fastify'

/** An error in the form of RFC 9457, with a stable code of ours. */
export interface Problem {
  readonly status: 400 | 401 | 403 | 404 | 408 | 413 | 422 | 500 | 503
  /** The code in UPPER_SNAKE; stable, so that an alert can use it. */
  readonly code: string
  readonly title: string
  /**
   * A text that says what is wrong and what to do. It never holds an event's contents, a token or a
   * secret.
   */
  readonly detail: string
}

/**
 * Seconds. They are a hint for people with curl: Pub/Sub has its own back-off and does not read it.
 */
const RETRY_AFTER_SECONDS = '10'

/** Answers with `application/problem+json`. A 503 gets a `Retry-After`. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, code, title, detail } = problem
  if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  const type = `urn:pubsub-mixpanel:problem:${code.toLowerCase().replaceAll('_', '-')}`
  reply.code(status).header('content-type', 'application/problem+json')
  // The body is sent as bytes: Fastify would add a charset, and JSON has none (RFC 8259, 11).
  return reply.send(Buffer.from(JSON.stringify({ type, title, status, detail, code })))
}
