import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type Answer, sendAnswer, sendHalf } from './answer.ts'
import { createFaultPlan } from './fault-plan.ts'
import { refusalOfName } from './loopback-name.ts'
import { startLoopbackServer } from './loopback-server.ts'
import { createPublishLog, type PublishRequest } from './pubsub/publish-log.ts'
import type { TopicMessage } from './pubsub/publish-rules.ts'
import type { PullSubscription } from './pubsub/pull-subscription.ts'
import type { PushSubscription, SubscriptionObserver } from './pubsub/push-subscription.ts'
import type { TokenSource } from './pubsub/push-tokens.ts'
import { answerOf, type Refusal } from './pubsub/refusal.ts'
import { createRestApi } from './pubsub/rest-api.ts'
import { parseRestCall, type RestCall } from './pubsub/rest-call.ts'
import type { PullSettings, SubscriptionSettings } from './pubsub/subscription-settings.ts'
import { createSubscriptions } from './pubsub/subscriptions.ts'
import type { TopicBehaviour } from './pubsub/topic-behaviour.ts'
import { createTopics, type PublishObserver } from './pubsub/topics.ts'
import type { PublishedMessage } from './push-request.ts'
import { createWorldTime, type WorldTime } from './world-time.ts'

/** The topic that every stand-in has from the start. */
export const LOCAL_DEAD_LETTER_TOPIC = 'projects/local-project/topics/events-dead'

const UNAUTHENTICATED: Refusal = {
  kind: 'refused',
  code: 401,
  status: 'UNAUTHENTICATED',
  message: 'Request had invalid authentication credentials.',
}

export interface PubsubStandInOptions {
  /** Any free port when absent. */
  readonly port?: number
  /** Whether callers may publish; they may when absent. */
  readonly permitted?: boolean
  /** Accepted bearer tokens; all requests are accepted when absent. */
  readonly tokens?: readonly string[]
  /** Signs the tokens of pushes. A subscription with an `oidcToken` needs it. */
  readonly pushToken?: TokenSource
  /** Real time when absent. */
  readonly time?: WorldTime
  /** In [0, 1): decides jitter and duplicates. */
  readonly random?: () => number
  readonly published?: PublishObserver
}

/** A message to publish from code. */
export type MessageToPublish = Pick<PublishedMessage, 'data' | 'attributes' | 'orderingKey'>

/**
 * A Pub/Sub on loopback, with topics, push subscriptions and pull subscriptions. Code and its REST API control it, so a
 * script for Google's emulator works with it too.
 */
export interface PubsubStandIn {
  /** The base URL, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** The value for `PUBSUB_EMULATOR_HOST`. */
  readonly host: string
  /** The number of connections opened since the start. */
  connections(): number
  /** Stops at once: destroys open sockets, and leaves held requests unanswered. */
  close(): Promise<void>

  /** Creates a topic by its full name. It and the next five throw the REST API's error. */
  createTopic(name: string): void
  createSubscription(
    name: string,
    settings: SubscriptionSettings,
    observer?: SubscriptionObserver,
  ): PushSubscription
  /** Throws when there is no subscription of that name. */
  subscription(name: string): PushSubscription
  createPullSubscription(name: string, settings: PullSettings): PullSubscription
  pullSubscription(name: string): PullSubscription
  /** Returns the ids. Does not check the sizes that a publish request is checked for. */
  publish(topic: string, messages: readonly MessageToPublish[]): readonly string[]

  /** The messages published to a topic while it had no subscription, in that order. */
  messages(topic?: string): readonly TopicMessage[]
  /** The publish requests whose bodies are in, answered or not, also those refused by token. */
  requests(): readonly PublishRequest[]
  /** Resolves once `count` of them have come since the start. */
  waitForRequests(count: number): Promise<void>
  /** Treats the next `times` requests about a topic so; calls add up in order. */
  answerNext(times: number, behaviour: TopicBehaviour): void
  answerAlways(behaviour: TopicBehaviour | 'normally'): void
  /** Sends the answers that `gate` holds. */
  release(): void
}

/** Starts a stand-in on 127.0.0.1. Rejects when its port is taken. */
export async function startPubsubStandIn(
  options: PubsubStandInOptions = {},
): Promise<PubsubStandIn> {
  const { permitted = true, port = 0, time = createWorldTime(), random = Math.random } = options
  const faults = createFaultPlan<TopicBehaviour>()
  const log = createPublishLog()
  const topics = createTopics(time.now, options.published)
  const subscriptions = createSubscriptions({ time, random, topics, token: options.pushToken })
  const answerTo = createRestApi({ topics, subscriptions, permitted })
  topics.create(LOCAL_DEAD_LETTER_TOPIC)
  const server = await startLoopbackServer({ name: 'the Pub/Sub stand-in', port }, answerRequest)

  return {
    ...server,
    host: new URL(server.url).host,
    close,
    createTopic: (name) => throwIfRefused(topics.create(name)),
    createSubscription(name, settings, observer) {
      throwIfRefused(subscriptions.create(name, settings, observer))
      return subscription(name)
    },
    subscription,
    createPullSubscription(name, settings) {
      throwIfRefused(subscriptions.create(name, settings))
      return pullSubscription(name)
    },
    pullSubscription,
    publish,
    messages: (topic = LOCAL_DEAD_LETTER_TOPIC) => topics.unclaimed(topic),
    requests: log.requests,
    waitForRequests: log.waitForRequests,
    answerNext: faults.answerNext,
    answerAlways: faults.answerAlways,
    release: faults.release,
  }

  async function close(): Promise<void> {
    subscriptions.close()
    await server.close()
  }

  function subscription(name: string): PushSubscription {
    const found = subscriptions.find(name)
    if (found === undefined) throw new Error(`there is no subscription ${name}`)
    return found
  }

  function pullSubscription(name: string): PullSubscription {
    const found = subscriptions.findPull(name)
    if (found === undefined) throw new Error(`there is no pull subscription ${name}`)
    return found
  }

  function publish(topic: string, given: readonly MessageToPublish[]): readonly string[] {
    const messages = given.map(({ data = '', attributes = {}, ...rest }) => {
      return { ...rest, data: bytesOf(data), attributes }
    })
    return topics.publish(topic, messages).map(({ messageId }) => messageId)
  }

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOfName(request)
    if (refusal !== undefined) return sendAnswer(response, refusal)
    const body = await buffer(request)
    const path = decodeURIComponent(new URL(request.url ?? '/', server.url).pathname)
    if (path === '/local/subscriptions') return sendAnswer(response, statsOfAll())
    const call = parseRestCall(request.method ?? 'GET', path, body)
    note(call, body, request)
    const answer = (): Answer =>
      isAuthorized(request) ? answerTo(call) : answerOf(UNAUTHENTICATED)
    const behaviour = path.includes('/topics/') ? faults.next() : 'normally'
    if (behaviour === 'normally') return sendAnswer(response, answer())
    switch (behaviour.kind) {
      case 'status':
        return sendAnswer(response, behaviour)
      case 'hang':
        return
      case 'reset':
        request.socket.resetAndDestroy()
        return
      case 'cut_off':
        return sendHalf(response, answer())
      case 'confirm_fewer':
        return sendAnswer(response, withoutLastId(answer()))
      case 'gate':
        return sendWhenReleased(response, answer())
    }
  }

  async function sendWhenReleased(response: ServerResponse, answer: Answer): Promise<void> {
    await faults.held()
    sendAnswer(response, answer)
  }

  function isAuthorized({ headers }: IncomingMessage): boolean {
    const { tokens } = options
    return tokens === undefined || tokens.some((one) => headers.authorization === `Bearer ${one}`)
  }

  function note(call: RestCall, body: Buffer, { headers }: IncomingMessage): void {
    if (call.kind !== 'publish') return
    const messages = call.judgement.kind === 'taken' ? call.judgement.messages.length : 0
    log.add({ messages, bytes: body.length, userAgent: headers['user-agent'] ?? '' })
  }

  /** Shows the subscriptions' statistics to people with curl. */
  function statsOfAll(): Answer {
    const stats = subscriptions
      .all()
      .map((one) => ({ name: one.name, ...one.stats(), backlog: one.backlog() }))
    const headers = { 'content-type': 'application/json' }
    return { status: 200, body: `${JSON.stringify(stats, null, 2)}\n`, headers }
  }
}

function throwIfRefused(refusal: Refusal | undefined): void {
  if (refusal !== undefined) throw new Error(refusal.message)
}

/** Returns a view of the same memory when given bytes. */
function bytesOf(data: string | Uint8Array): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

function withoutLastId(answer: Answer): Answer {
  const { messageIds = [] }: { messageIds?: string[] } = Object(answer.body)
  return { ...answer, body: { messageIds: messageIds.slice(0, -1) } }
}
