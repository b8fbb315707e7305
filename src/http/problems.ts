import type { Refused } from '../model/authentication.ts'
import { codeOf, type Nack } from '../model/settlement.ts'
import type { Problem } from './problem.ts'

const UNWRAPPING_HINT =
  'Send {"message":{"data":"<base64>","messageId":"1"},"subscription":"projects/P/subscriptions/S"}. ' +
  'If Pub/Sub sent this, payload unwrapping is on: turn it off with ' +
  '`gcloud pubsub subscriptions update SUBSCRIPTION --clear-push-no-wrapper-config`'

export const BODY_NOT_JSON: Problem = {
  status: 400,
  code: 'BODY_NOT_JSON',
  title: 'The body is not JSON',
  detail: `The body is not a wrapped Pub/Sub push, which is JSON. ${UNWRAPPING_HINT}`,
}

export const NOT_A_PUSH_ENVELOPE: Problem = {
  status: 400,
  code: 'NOT_A_PUSH_ENVELOPE',
  title: 'The body is not a push envelope',
  detail: `The body is JSON, but not a wrapped Pub/Sub push. ${UNWRAPPING_HINT}`,
}

export const SUBSCRIPTION_REFUSED: Problem = {
  status: 403,
  code: 'SUBSCRIPTION_REFUSED',
  title: 'Pushes of this subscription are not accepted',
  detail: 'The push names a subscription that PUSH_SUBSCRIPTIONS does not list',
}

export const REQUEST_TIMEOUT: Problem = {
  status: 408,
  code: 'REQUEST_TIMEOUT',
  title: 'Request Timeout',
  detail: 'The request did not arrive in time',
}

export const BODY_TOO_LARGE: Problem = {
  status: 413,
  code: 'BODY_TOO_LARGE',
  title: 'The body is too large',
  detail: 'A push body holds 16 MiB at most; a Pub/Sub message of 10 MB fits',
}

export const OVERLOADED: Problem = {
  status: 503,
  code: 'OVERLOADED',
  title: 'The service is full',
  detail: 'The service has no room for another push at the moment. The message comes again',
}

export const DRAINING: Problem = {
  status: 503,
  code: 'DRAINING',
  title: 'The service is shutting down',
  detail: 'The service accepts no more pushes. The message comes again, to another instance',
}

export const NOT_FOUND: Problem = {
  status: 404,
  code: 'NOT_FOUND',
  title: 'No such route',
  detail:
    'Pushes are accepted by POST on /push, /push/ and /; health is at GET /health/live and /health/ready',
}

export const UNFORESEEN: Problem = {
  status: 500,
  code: 'UNFORESEEN',
  title: 'Something unforeseen happened',
  detail: 'This is a bug, and it is in the log. The message comes again',
}

/** Returns the problem for a push that was refused. */
export function problemOfRefusal({ status, code, detail }: Refused): Problem {
  return { status, code, title: REFUSAL_TITLES[status], detail }
}

const REFUSAL_TITLES: Readonly<Record<Refused['status'], string>> = {
  401: 'The push carries no good token',
  403: 'The token belongs to another service account',
  503: 'The token cannot be checked at the moment',
}

/** Returns the problem for a message that was not acked. */
export function problemOfNack(nack: Nack): Problem {
  const { status, reason } = nack
  const code = codeOf(nack)
  if (status === 503) {
    const detail = `The message was not acked (${reason}). It comes again`
    return { status, code, title: 'The message comes again', detail }
  }
  const detail = `An event of the message was rejected (${reason}). The message is left to the dead-letter policy of the subscription`
  return { status, code, title: 'The message was refused', detail }
}
