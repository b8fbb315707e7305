import type { Answer } from '../answer.ts'

/** The reason why Pub/Sub refuses a request: one of google.rpc.Code, with its HTTP status. */
export interface Refusal {
  readonly kind: 'refused'
  readonly code: number
  readonly status: string
  /** Says what is wrong. */
  readonly message: string
}

export function invalid(message: string): Refusal {
  return { kind: 'refused', code: 400, status: 'INVALID_ARGUMENT', message }
}

export function notFound(name: string): Refusal {
  const message = `Resource not found (resource=${name}).`
  return { kind: 'refused', code: 404, status: 'NOT_FOUND', message }
}

export function alreadyExists(name: string): Refusal {
  const message = `Resource already exists in the project (resource=${name}).`
  return { kind: 'refused', code: 409, status: 'ALREADY_EXISTS', message }
}

/** Google's error, in JSON (cloud.google.com/apis/design/errors). */
export function answerOf({ code, status, message }: Refusal): Answer {
  return { status: code, body: { error: { code, message, status } } }
}
