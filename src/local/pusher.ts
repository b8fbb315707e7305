import { createPoster, type PushAnswer } from './http-post.ts'
import { wallNow } from './wall-clock.ts'

/** Every other status, and no answer at all, is a nack (cloud.google.com/pubsub/docs/push). */
const ACK_CODES: ReadonlySet<number> = new Set([102, 200, 201, 202, 204])
const USER_AGENT = 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)'
/** The first whole number that a JSON number rounds: an id read as a number is another id. */
const FIRST_MESSAGE_ID = 2n ** 53n + 1n

const LOCAL_SUBSCRIPTION = 'projects/local-project/subscriptions/events-push'
const LOCAL_TOPIC = 'projects/local-project/topics/events'

/** What a publisher publishes: data, attributes or both. */
export interface PublishedMessage {
  /** Sent in base64; a string in UTF-8. Left out of the envelope when empty. */
  readonly data?: string | Uint8Array
  /** Left out of the envelope when empty. */
  readonly attributes?: Readonly<Record<string, string>>
  readonly orderingKey?: string
  /** From 1; Pub/Sub sends it only under a dead-letter policy. */
  readonly deliveryAttempt?: number
  /** The pusher's next when absent. */
  readonly messageId?: string
  /** RFC 3339, UTC; now when absent. */
  readonly publishTime?: string
}

/** A message as Pub/Sub keeps it, with its id and publish time. */
export interface IdentifiedMessage extends PublishedMessage {
  readonly messageId: string
  readonly publishTime: string
}

/** The JSON body of a wrapped push, its keys in the order of Google's samples. */
export interface PushEnvelope {
  readonly deliveryAttempt?: number
  readonly message: {
    readonly attributes?: Readonly<Record<string, string>>
    readonly data?: string
    readonly messageId: string
    readonly message_id: string
    readonly orderingKey?: string
    readonly publishTime: string
    readonly publish_time: string
  }
  readonly subscription: string
}

/** What one push does otherwise than Pub/Sub would. */
export interface PushOverrides {
  /** Sent in place of the envelope. */
  readonly rawBody?: string | Uint8Array
  /** Lower-case names; `undefined` leaves a header out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Gives the push up, and closes its connection, when it fires. */
  readonly signal?: AbortSignal
}

export interface PusherOptions {
  /** The whole URL, path included. */
  readonly endpoint: string
  readonly subscription?: string
  /** Asked before each push; no `Authorization` is sent when absent. */
  readonly token?: () => string | Promise<string>
  /** `eventarc` adds the `ce-*` headers to the same body. */
  readonly form?: 'wrapped' | 'eventarc'
  /** Named in Eventarc's `ce-source`. */
  readonly topic?: string
  /** Ids count up from here. */
  readonly firstMessageId?: bigint
  /** Epoch ms. */
  readonly now?: () => number
}

export interface PublishOptions {
  /** How often the message is pushed at most. */
  readonly attempts: number
  /** Awaited before each redelivery, with the number of attempts made; at once when absent. */
  readonly betweenAttempts?: (made: number) => Promise<void>
}

/** Pub/Sub's side of a push subscription. */
export interface Pusher {
  /** Pushes once. Rejects when no answer comes. */
  push(message: PublishedMessage, overrides?: PushOverrides): Promise<PushAnswer>
  /**
   * Pushes the same message, id and publish time until it is acked or the attempts are used up;
   * a given `deliveryAttempt` counts up. Resolves with every answer: an attempt that got none is
   * a nack and leaves none.
   */
  publish(message: PublishedMessage, options: PublishOptions): Promise<readonly PushAnswer[]>
  close(): void
}

/** A pusher to one endpoint, over connections that are kept alive until `close`. */
export function createPusher(options: PusherOptions): Pusher {
  const { endpoint, subscription = LOCAL_SUBSCRIPTION, now = wallNow } = options
  let nextId = options.firstMessageId ?? FIRST_MESSAGE_ID
  const poster = createPoster(endpoint)

  return { push, publish, close: poster.close }

  async function push(message: PublishedMessage, overrides: PushOverrides = {}) {
    const identified = identify(message)
    const body = overrides.rawBody ?? JSON.stringify(envelopeOf(identified, subscription))
    const headers = {
      ...fixedHeaders(body),
      ...(options.form === 'eventarc' && eventarcHeaders(identified, options.topic)),
      ...(options.token && { authorization: `Bearer ${await options.token()}` }),
      ...overrides.headers,
    }
    return poster.post({ body, headers, signal: overrides.signal })
  }

  async function publish(message: PublishedMessage, { attempts, betweenAttempts }: PublishOptions) {
    const identified = identify(message)
    const answers: PushAnswer[] = []
    for (let made = 0; made < attempts; made++) {
      if (made > 0) await betweenAttempts?.(made)
      const answer = await answerTo(redelivered(identified, made))
      if (answer === undefined) continue
      answers.push(answer)
      if (ACK_CODES.has(answer.status)) break
    }
    return answers
  }

  async function answerTo(message: IdentifiedMessage): Promise<PushAnswer | undefined> {
    try {
      return await push(message)
    } catch (error) {
      if (isUnanswered(error)) return undefined
      throw error
    }
  }

  function identify(message: PublishedMessage): IdentifiedMessage {
    const { messageId = String(nextId++), publishTime = new Date(now()).toISOString() } = message
    return { ...message, messageId, publishTime }
  }
}

/** The envelope in which Pub/Sub pushes a message; what is empty or absent is left out. */
export function envelopeOf(
  message: IdentifiedMessage,
  subscription: string = LOCAL_SUBSCRIPTION,
): PushEnvelope {
  const { deliveryAttempt, messageId, orderingKey, publishTime, attributes = {} } = message
  const data = Buffer.from(message.data ?? '').toString('base64')
  return {
    ...(deliveryAttempt !== undefined && { deliveryAttempt }),
    message: {
      ...(Object.keys(attributes).length > 0 && { attributes }),
      ...(data !== '' && { data }),
      messageId,
      message_id: messageId,
      ...(orderingKey !== undefined && { orderingKey }),
      publishTime,
      publish_time: publishTime,
    },
    subscription,
  }
}

/** Sockets fail with a code: ECONNREFUSED, ECONNRESET. Anything else is a bug of ours. */
function isUnanswered(error: unknown): boolean {
  return error instanceof Error && 'code' in error
}

function redelivered(message: IdentifiedMessage, made: number): IdentifiedMessage {
  const { deliveryAttempt } = message
  return deliveryAttempt === undefined
    ? message
    : { ...message, deliveryAttempt: deliveryAttempt + made }
}

function fixedHeaders(body: string | Uint8Array): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': USER_AGENT,
  }
}

function eventarcHeaders(message: IdentifiedMessage, topic: string = LOCAL_TOPIC) {
  return {
    'content-type': 'application/json; charset=utf-8',
    'ce-specversion': '1.0',
    'ce-type': 'google.cloud.pubsub.topic.v1.messagePublished',
    'ce-source': `//pubsub.googleapis.com/${topic}`,
    'ce-id': message.messageId,
    'ce-time': message.publishTime,
  }
}
