import { isObject } from '../lib/json/is-object.ts'
import { listIn } from '../lib/json/list-in.ts'
import type { PulledMessage } from './letter-of-message.ts'
import {
  createPubsubClient,
  type PubsubAnswer,
  type PubsubClient,
  type PubsubClientOptions,
} from './pubsub-client.ts'

/** A message with the id by which its lease is known. */
export interface Received {
  readonly ackId: string
  readonly message: PulledMessage
}

export type Pulled = Readonly<
  { kind: 'pulled'; received: readonly Received[] } | { kind: 'failed'; answer: PubsubAnswer }
>

export interface SubscriptionClient extends Pick<PubsubClient, 'describe' | 'close'> {
  /**
   * Leases up to this number of messages, without waiting for any. An answer may hold none although
   * some are there. It never rejects, like the others.
   */
  pull(most: number): Promise<Pulled>
  /** Acks messages. Resolves with the ids that may not be acked. */
  acknowledge(ackIds: readonly string[]): Promise<readonly string[]>
  /**
   * Lets leases end in so many seconds; with 0 their messages come again at once. Resolves with the
   * ids whose leases may not be changed.
   */
  modifyAckDeadline(ackIds: readonly string[], seconds: number): Promise<readonly string[]>
}

/** The most bytes of an answer: 10 MB of messages, in base64, and their attributes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** The most messages of an answer, and bytes of ack ids (https://cloud.google.com/pubsub/quotas#resource_limits). */
export const MOST_PULLED = 1_000
const MOST_ACK_BYTES = 500_000
/** The quotes and the comma around an ack id. */
const QUOTES = 3

/** A large answer takes its time. */
const PULL_WITHIN_MS = 60_000

/** Makes a client for the messages of one subscription. */
export function createSubscriptionClient(
  options: Omit<PubsubClientOptions, 'maxAnswerBytes'>,
  deps: Parameters<typeof createPubsubClient>[1],
): SubscriptionClient {
  const client = createPubsubClient({ ...options, maxAnswerBytes: MAX_ANSWER_BYTES }, deps)

  return {
    describe: client.describe,
    close: client.close,
    pull,
    acknowledge: (ackIds) => forEachRequest('acknowledge', ackIds, {}),
    modifyAckDeadline: (ackIds, ackDeadlineSeconds) =>
      forEachRequest('modifyAckDeadline', ackIds, { ackDeadlineSeconds }),
  }

  async function pull(maxMessages: number): Promise<Pulled> {
    // Google's emulator goes on with a pull that waits when its client has gone. It would lease
    // the messages that this command gives back.
    const asked = JSON.stringify({ maxMessages, returnImmediately: true })
    const answer = await client.post('pull', asked, PULL_WITHIN_MS)
    if (answer.kind !== 'answered' || answer.status !== 200) return { kind: 'failed', answer }
    return {
      kind: 'pulled',
      received: listIn(answer.body, 'receivedMessages').flatMap(readReceived),
    }
  }

  async function forEachRequest(
    method: string,
    ackIds: readonly string[],
    more: object,
  ): Promise<readonly string[]> {
    const failed: string[] = []
    for (const some of splitIntoRequests(ackIds)) {
      const answer = await client.post(method, JSON.stringify({ ackIds: some, ...more }))
      failed.push(...failedOf(some, answer))
    }
    return failed
  }
}

function* splitIntoRequests(ackIds: readonly string[]): Generator<readonly string[]> {
  let request: string[] = []
  let bytes = 0
  for (const ackId of ackIds) {
    const own = Buffer.byteLength(ackId) + QUOTES
    if (request.length > 0 && bytes + own > MOST_ACK_BYTES) {
      yield request
      request = []
      bytes = 0
    }
    request.push(ackId)
    bytes += own
  }
  if (request.length > 0) yield request
}

/** Returns the ids that failed. Under exactly-once delivery, the answer names them. */
function failedOf(sent: readonly string[], answer: PubsubAnswer): readonly string[] {
  if (answer.kind !== 'answered') return sent
  if (answer.status === 200) return []
  const error = isObject(answer.body) ? answer.body.error : undefined
  const named = listIn(error, 'details').flatMap((detail) => {
    return isObject(detail) && isObject(detail.metadata) ? Object.keys(detail.metadata) : []
  })
  const failed = sent.filter((ackId) => named.includes(ackId))
  return failed.length > 0 ? failed : sent
}

function readReceived(received: unknown): readonly Received[] {
  if (!isObject(received) || typeof received.ackId !== 'string') return []
  return [{ ackId: received.ackId, message: readMessage(received.message) }]
}

function readMessage(given: unknown): PulledMessage {
  const fields = isObject(given) ? given : {}
  const attributes = isObject(fields.attributes) ? Object.entries(fields.attributes) : []
  return {
    messageId: String(fields.messageId ?? ''),
    publishTime: String(fields.publishTime ?? ''),
    data: String(fields.data ?? ''),
    attributes: Object.fromEntries(attributes.map(([name, value]) => [name, String(value)])),
    ...(typeof fields.orderingKey === 'string' && { orderingKey: fields.orderingKey }),
  }
}
