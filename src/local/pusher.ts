import { createPoster, type PushAnswer } from './http-post.ts'
import {
  envelopeOf,
  type IdentifiedMessage,
  isAck,
  isUnanswered,
  type PublishedMessage,
  type PushForm,
  pushHeaders,
} from './push-request.ts'
import { wallNow } from './wall-clock.ts'

/** The first whole number that JSON numbers round: an id parsed as a number becomes another id. */
const FIRST_MESSAGE_ID = 2n ** 53n + 1n

/** The deviations of one push from Pub/Sub's. */
export interface PushOverrides {
  /** Sent in place of the envelope. */
  readonly rawBody?: string | Uint8Array
  /** Lower-case names; `undefined` leaves a header out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Gives the push up and closes its connection when it fires. */
  readonly signal?: AbortSignal
}

export interface PusherOptions {
  /** The whole URL, path included. */
  readonly endpoint: string
  readonly subscription?: string
  /** Called before each push; no `Authorization` is sent when absent. */
  readonly token?: () => string | Promise<string>
  /** `eventarc` adds the `ce-*` headers to the same body. */
  readonly form?: PushForm
  /** Named in Eventarc's `ce-source`. */
  readonly topic?: string
  /** Ids count up from here. */
  readonly firstMessageId?: bigint
  /** Epoch ms. */
  readonly now?: () => number
}

export interface PublishOptions {
  /** The most pushes of the message. */
  readonly attempts: number
  /** Awaited before each redelivery, with the number of attempts made; no wait when absent. */
  readonly betweenAttempts?: (made: number) => Promise<void>
}

/** Pub/Sub's side of a push subscription. */
export interface Pusher {
  /** Pushes once. Rejects when no answer comes. */
  push(message: PublishedMessage, overrides?: PushOverrides): Promise<PushAnswer>
  /**
   * Pushes the same message, id and publish time until it is acked or the attempts are used up;
   * a given `deliveryAttempt` counts up. Resolves with all answers. An attempt without an answer is
   * a nack, and adds none.
   */
  publish(message: PublishedMessage, options: PublishOptions): Promise<readonly PushAnswer[]>
  close(): void
}

/** Creates a pusher to one endpoint, over connections that are kept alive until `close`. */
export function createPusher(options: PusherOptions): Pusher {
  const { endpoint, subscription, form, topic, now = wallNow } = options
  let nextId = options.firstMessageId ?? FIRST_MESSAGE_ID
  const poster = createPoster()

  return { push, publish, close: poster.close }

  async function push(message: PublishedMessage, overrides: PushOverrides = {}) {
    const identified = identify(message)
    const body = overrides.rawBody ?? JSON.stringify(envelopeOf(identified, subscription))
    const token = await options.token?.()
    const headers = {
      ...pushHeaders(identified, body, { form, topic, token }),
      ...overrides.headers,
    }
    return poster.post({ endpoint, body, headers, signal: overrides.signal })
  }

  async function publish(message: PublishedMessage, { attempts, betweenAttempts }: PublishOptions) {
    const identified = identify(message)
    const answers: PushAnswer[] = []
    for (let made = 0; made < attempts; made++) {
      if (made > 0) await betweenAttempts?.(made)
      const answer = await answerTo(redelivered(identified, made))
      if (answer === undefined) continue
      answers.push(answer)
      if (isAck(answer.status)) break
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

function redelivered(message: IdentifiedMessage, made: number): IdentifiedMessage {
  const { deliveryAttempt } = message
  return deliveryAttempt === undefined
    ? message
    : { ...message, deliveryAttempt: deliveryAttempt + made }
}
