import type { FastifyReply } from 'fastify'

/** An error as RFC 9457 has it, with a stable code of ours. */
export interface Problem {
  readonly status: 400 | 401 | 403 | 404 | 413 | 422 | 500 | 503
  /** UPPER_SNAKE; stable, fit for an alert. */
  readonly code: string
  readonly title: string
  /** What is wrong and what to do; never an event's contents, a token or a secret. */
  readonly detail: string
}

/** Seconds; a hint for people with curl. Pub/Sub has its own back-off and does not read it. */
const RETRY_AFTER_SECONDS = '10'

/** Answers with `application/problem+json`; a 503 gets a `Retry-After`. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, code, title, detail } = problem
  if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  const type = `urn:pubsub-mixpanel:problem:${code.toLowerCase().replaceAll('_', '-')}`
  reply.code(status).header('content-type', 'application/problem+json')
  // As bytes: Fastify would add a charset, which JSON has none of (RFC 8259, 11).
  return reply.send(Buffer.from(JSON.stringify({ type, title, status, detail, code })))
}
