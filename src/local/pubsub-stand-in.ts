import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type Answer, sendAnswer, sendHalf } from './answer.ts'
import { startLoopbackServer } from './loopback-server.ts'
import { createTopicFaults, type TopicBehaviour } from './pubsub/publish-faults.ts'
import { googleError, judgePublish, type TopicMessage } from './pubsub/publish-rules.ts'
import { wallNow } from './wall-clock.ts'

/** The topic a stand-in has unless told otherwise. */
export const LOCAL_DEAD_LETTER_TOPIC = 'projects/local-project/topics/events-dead'

/** The first whole number that a JSON number rounds: an id read as a number is another id. */
const FIRST_MESSAGE_ID = 2n ** 53n + 100_001n

export interface PubsubStandInOptions {
  /** Any free port when absent. */
  readonly port?: number
  /** Full name, `projects/P/topics/T`. */
  readonly topic?: string
  /** Whether whoever asks may publish; yes when absent. */
  readonly permitted?: boolean
  /** Bearer tokens that are let in; all requests are when absent. */
  readonly tokens?: readonly string[]
  /** Epoch ms. */
  readonly now?: () => number
}

/** What a stand-in remembers of one publish request. */
export interface PublishRequest {
  readonly messages: number
  readonly bytes: number
  readonly userAgent: string
}

/** A Pub/Sub on loopback that knows one topic: publish, testIamPermissions, get. */
export interface PubsubStandIn {
  /** The base URL, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** What `PUBSUB_EMULATOR_HOST` is to be. */
  readonly host: string
  /** How many connections have been opened since the start. */
  connections(): number
  /** Stops at once: open sockets are destroyed, whatever is held stays unanswered. */
  close(): Promise<void>
  /** Every message in the topic, in the order they were published. */
  messages(): readonly TopicMessage[]
  /** The publish requests whose bodies are in, answered or not; what is not let in counts too. */
  requests(): readonly PublishRequest[]
  /** Resolves once `count` of them have come since the start. */
  waitForRequests(count: number): Promise<void>
  /** Treats the next `times` requests so, publish or other; calls add up in order. */
  answerNext(times: number, behaviour: TopicBehaviour): void
  answerAlways(behaviour: TopicBehaviour | 'normally'): void
  /** Sends the answers that `gate` holds. */
  release(): void
}

/** Starts a stand-in on 127.0.0.1. Rejects when its port is taken. */
export async function startPubsubStandIn(
  options: PubsubStandInOptions = {},
): Promise<PubsubStandIn> {
  const { topic = LOCAL_DEAD_LETTER_TOPIC, permitted = true, now = wallNow, port = 0 } = options
  const faults = createTopicFaults()
  const kept: TopicMessage[] = []
  const requests: PublishRequest[] = []
  let waiters: { count: number; resolve: () => void }[] = []
  let nextId = FIRST_MESSAGE_ID
  const server = await startLoopbackServer({ name: 'the Pub/Sub stand-in', port }, answerRequest)

  return {
    ...server,
    host: new URL(server.url).host,
    messages: () => [...kept],
    requests: () => [...requests],
    waitForRequests,
    answerNext: faults.answerNext,
    answerAlways: faults.answerAlways,
    release: faults.release,
  }

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    const path = decodeURIComponent(new URL(request.url ?? '/', server.url).pathname)
    const [, name = '', action = 'get'] =
      /^\/v1\/(projects\/.*\/topics\/[^:]*)(?::(\w+))?$/.exec(path) ?? []
    if (action === 'publish') note(request, body)
    const behaviour = faults.next()
    const answer = (): Answer => judge(request, { name, action, body })
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

  function judge(request: IncomingMessage, asked: { name: string; action: string; body: Buffer }) {
    if (!isLetIn(request)) {
      return googleError(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.')
    }
    const exists = asked.name === topic
    if (asked.action === 'testIamPermissions') {
      return { status: 200, body: exists && permitted ? JSON.parse(String(asked.body)) : {} }
    }
    if (!exists) return googleError(404, 'NOT_FOUND', 'Resource not found (resource=events-dead).')
    if (asked.action === 'get') return { status: 200, body: { name: topic } }
    if (!permitted) return googleError(403, 'PERMISSION_DENIED', 'User not authorized.')
    return publish(asked.body)
  }

  function isLetIn({ headers }: IncomingMessage): boolean {
    const { tokens } = options
    return tokens === undefined || tokens.some((one) => headers.authorization === `Bearer ${one}`)
  }

  function publish(body: Buffer): Answer {
    const judgement = judgePublish(body)
    if (judgement.kind === 'refused') return judgement.answer
    const publishTime = new Date(now()).toISOString()
    const messages = judgement.messages.map((message) => {
      return { ...message, messageId: String(nextId++), publishTime }
    })
    kept.push(...messages)
    return { status: 200, body: { messageIds: messages.map(({ messageId }) => messageId) } }
  }

  function note({ headers }: IncomingMessage, body: Buffer): void {
    const judgement = judgePublish(body)
    const messages = judgement.kind === 'taken' ? judgement.messages.length : 0
    requests.push({ messages, bytes: body.length, userAgent: headers['user-agent'] ?? '' })
    for (const { resolve } of waiters.filter(isServed)) resolve()
    waiters = waiters.filter((waiter) => !isServed(waiter))
  }

  async function waitForRequests(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      if (requests.length >= count) resolve()
      else waiters.push({ count, resolve })
    })
  }

  function isServed({ count }: { count: number }): boolean {
    return requests.length >= count
  }
}

function withoutLastId(answer: Answer): Answer {
  const { messageIds = [] }: { messageIds?: string[] } = Object(answer.body)
  return { ...answer, body: { messageIds: messageIds.slice(0, -1) } }
}
