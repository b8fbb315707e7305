/** Every other status, and no answer at all, is a nack (cloud.google.com/pubsub/docs/push). */
const ACK_CODES: ReadonlySet<number> = new Set([102, 200, 201, 202, 204])
const USER_AGENT = 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)'

/** The subscription and the topic of a push that names no other. */
export const LOCAL_SUBSCRIPTION = 'projects/local-project/subscriptions/events-push'
export const LOCAL_TOPIC = 'projects/local-project/topics/events'

/** A message as a publisher publishes it: data, attributes or both. */
export interface PublishedMessage {
  /** Sent in base64; a string is sent as UTF-8. Left out of the envelope when empty. */
  readonly data?: string | Uint8Array
  /** Left out of the envelope when empty. */
  readonly attributes?: Readonly<Record<string, string>>
  readonly orderingKey?: string
  /** From 1; Pub/Sub sends it only under a dead-letter policy. */
  readonly deliveryAttempt?: number
  /** The pusher's next id when absent. */
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

/** Makes the envelope in which Pub/Sub pushes a message; empty and absent fields are left out. */
export function envelopeOf(
  message: IdentifiedMessage,
  subscription: string = LOCAL_SUBSCRIPTION,
): PushEnvelope {
  const { deliveryAttempt, messageId, orderingKey, publishTime, attributes = {} } = message
  const data = base64Of(message.data ?? '')
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

/** The wrapped form, or the same body with Eventarc's `ce-*` headers. */
export type PushForm = 'wrapped' | 'eventarc'

/** The inputs of a push's headers besides its message. */
export interface PushHeaderOptions {
  readonly form?: PushForm | undefined
  /** Named in Eventarc's `ce-source`. */
  readonly topic?: string | undefined
  /** No `Authorization` when absent. */
  readonly token?: string | undefined
}

/** The headers of a push (cloud.google.com/eventarc/docs/cloudevents for that form). */
export function pushHeaders(
  message: IdentifiedMessage,
  body: string | Uint8Array,
  { form, topic, token }: PushHeaderOptions,
): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': USER_AGENT,
    ...(form === 'eventarc' && eventarcHeaders(message, topic)),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
}

/** Whether a status acks the message it answers. */
export function isAck(status: number): boolean {
  return ACK_CODES.has(status)
}

/** Whether a socket failed, with a code such as ECONNREFUSED. Any other error is a bug of ours. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof Error && 'code' in error
}

function base64Of(data: string | Uint8Array): string {
  const bytes =
    typeof data === 'string'
      ? Buffer.from(data)
      : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return bytes.toString('base64')
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
