import { listIn } from '../lib/json/list-in.ts'
import type { PubsubAnswer } from './pubsub-client.ts'

/** The meaning of an answer for the messages of one publish request. */
export type PublishEnd = Readonly<
  | { kind: 'confirmed' }
  /** A message, or their number, breaks a rule. They may be published in another form. */
  | { kind: 'refused'; code: string }
  /** The messages are not in the topic, or it is unknown whether they are. They come again. */
  | { kind: 'failed'; code: string }
>

/**
 * Reads the answer to a publish request. It confirms only when it has as many ids as there are
 * messages.
 */
export function readPublishAnswer(answer: PubsubAnswer, sent: number): PublishEnd {
  if (answer.kind !== 'answered') return { kind: 'failed', code: answer.code }
  const { status, body } = answer
  if (status === 400 || status === 413) return { kind: 'refused', code: `STATUS_${status}` }
  if (status !== 200) return { kind: 'failed', code: `STATUS_${status}` }
  const ids = listIn(body, 'messageIds')
  if (ids.length === sent && ids.every(isId)) return { kind: 'confirmed' }
  return { kind: 'failed', code: 'NOT_CONFIRMED' }
}

/** The meaning of an answer for the start of the service. */
export type ProbeEnd = Readonly<
  | { kind: 'good' }
  /** The owner must correct it: it does not pass by itself. */
  | { kind: 'bad'; code: string; fault: 'topic' | 'credentials' }
  /** Google could not be asked, or did not answer the question. */
  | { kind: 'unknown'; code: string }
>

/**
 * Reads the answer to a probe. `wanted` are the permissions that were asked for; none when the
 * topic itself was.
 */
export function readProbeAnswer(answer: PubsubAnswer, wanted: readonly string[]): ProbeEnd {
  switch (answer.kind) {
    case 'no_access':
      return { kind: 'bad', code: answer.code, fault: 'credentials' }
    case 'unanswered':
      return { kind: 'unknown', code: answer.code }
    case 'answered':
      return readProbeStatus(answer.status, listIn(answer.body, 'permissions'), wanted)
  }
}

function readProbeStatus(
  status: number,
  permissions: readonly unknown[],
  wanted: readonly string[],
): ProbeEnd {
  const code = `STATUS_${status}`
  if (status === 401) return { kind: 'bad', code, fault: 'credentials' }
  if (status === 400 || status === 403 || status === 404)
    return { kind: 'bad', code, fault: 'topic' }
  if (status !== 200) return { kind: 'unknown', code }
  // For a topic that does not exist, Pub/Sub answers that nothing is permitted.
  if (wanted.every((one) => permissions.includes(one))) return { kind: 'good' }
  return { kind: 'bad', code: 'NOT_PERMITTED', fault: 'topic' }
}

function isId(id: unknown): boolean {
  return typeof id === 'string' && id !== ''
}
