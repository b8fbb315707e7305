import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { bytesOf } from '../lib/base64.ts'
import type { LetterToStore, StoreDeadLetters } from '../model/dead-letter.ts'
import { type Confirm, createGroupCommit } from './group-commit.ts'
import { type LetterMessage, MAX_REQUEST_BYTES, makeMessages } from './letter-message.ts'
import { publishLetters } from './publish-letters.ts'
import { type ProbeEnd, readProbeAnswer, readPublishAnswer } from './topic-answers.ts'
import type { TopicClient } from './topic-client.ts'
import { TopicError } from './topic-error.ts'

export interface TopicSinkOptions {
  /**
   * Whether the topic is an emulator's, which knows no permissions: it is asked for the topic
   * itself.
   */
  readonly emulated: boolean
  /** The most bytes that may wait for the request under way. A larger store waits only alone. */
  readonly maxQueuedBytes: number
  /** The limits of Pub/Sub when absent. */
  readonly limits?: TopicLimits
}

export interface TopicLimits {
  /** The largest request, counted as it is sent. */
  readonly requestBytes: number
  /**
   * The size beyond which data is compressed: in base64, and with attributes, it may not fit a
   * request.
   */
  readonly plainBytes: number
}

export interface TopicSinkDeps {
  readonly client: TopicClient
  /** Called at the start when Google could not be asked whether the topic accepts letters. */
  readonly unproven: (error: unknown) => void
}

export interface TopicSink {
  /**
   * Publishes one message a letter. Resolves when Pub/Sub has confirmed all of them. It rejects,
   * too, when too much waits already, and once closed.
   */
  readonly store: StoreDeadLetters
  /**
   * Asks without publishing. Rejects when the topic cannot be published to, and says what to do.
   */
  probe(): Promise<void>
  /** Refuses all that is not stored yet. Resolves when nothing is under way. */
  close(): Promise<void>
}

/** The most messages of one request (https://cloud.google.com/pubsub/quotas#resource_limits). */
const MAX_MESSAGES = 1_000
/**
 * The most requests side by side. A refused one becomes as many as its halves, and others must not
 * wait.
 */
const MAX_REQUESTS = 8
const LIMITS: TopicLimits = { requestBytes: MAX_REQUEST_BYTES, plainBytes: 7_000_000 }
/**
 * The bytes of the brackets around the messages of a request. A comma for each message counts with
 * it.
 */
const FRAME_BYTES = 20

const PUBLISH = 'pubsub.topics.publish'

const compress = promisify(gzip)

/**
 * Makes a sink that publishes dead letters to a topic, by group commit: while requests are under
 * way further letters gather. A refused letter may lie in the topic all the same, and again when
 * its message comes again: its `id` shows that.
 */
export function createTopicSink(options: TopicSinkOptions, deps: TopicSinkDeps): TopicSink {
  const { client, unproven } = deps
  const { limits = LIMITS } = options
  const groups = createGroupCommit<LetterMessage>({
    maxItems: MAX_MESSAGES,
    maxBytes: limits.requestBytes - FRAME_BYTES,
    maxQueuedBytes: options.maxQueuedBytes,
    maxCommits: MAX_REQUESTS,
    commit: publishAll,
  })

  return { store, probe, close }

  async function store(letters: readonly LetterToStore[]): Promise<void> {
    if (letters.length === 0) return
    const messages: LetterMessage[] = []
    for (const letter of letters) {
      const encoded = encode(letter, limits)
      for (const message of encoded instanceof Promise ? await encoded : encoded) {
        messages.push(message)
      }
    }
    await groups.add(messages, sizeOf(messages))
  }

  async function publishAll(
    messages: readonly LetterMessage[],
    confirm: Confirm<LetterMessage>,
  ): Promise<void> {
    for (const request of splitIntoRequests(messages, limits))
      await publishLetters(request, { send, confirm })
  }

  async function send(messages: readonly string[]) {
    const answer = await client.publish(`{"messages":[${messages.join(',')}]}`)
    return readPublishAnswer(answer, messages.length)
  }

  async function probe(): Promise<void> {
    const end = options.emulated
      ? readProbeAnswer(await client.describe(), [])
      : readProbeAnswer(await client.testPermissions([PUBLISH]), [PUBLISH])
    if (end.kind === 'bad') throw unusable(end)
    if (end.kind === 'unknown') unproven(new TopicError('the topic could not be asked', end.code))
  }

  async function close(): Promise<void> {
    client.close()
    await groups.close()
  }
}

function encode(
  letter: LetterToStore,
  { plainBytes, requestBytes }: TopicLimits,
): readonly LetterMessage[] | Promise<readonly LetterMessage[]> {
  const plain = bytesOfLetter(letter)
  if (plain.length <= plainBytes || isGzip(plain)) {
    return makeMessages(letter, plain, false, requestBytes)
  }
  const compressed = compress(plain, { level: constants.Z_BEST_SPEED })
  return compressed.then((data) => makeMessages(letter, data, true, requestBytes))
}

function bytesOfLetter({ event, data = '' }: LetterToStore): Buffer {
  return event === undefined ? bytesOf(data) : Buffer.from(event)
}

/**
 * Whether bytes are compressed already. Compressed again, they would be read as compressed bytes.
 */
function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/**
 * Splits messages into requests. Only letters that were stored at once, and are too large for one
 * request, make several.
 */
function* splitIntoRequests(
  messages: readonly LetterMessage[],
  { requestBytes }: TopicLimits,
): Generator<readonly LetterMessage[]> {
  let request: LetterMessage[] = []
  let left = requestBytes - FRAME_BYTES
  for (const message of messages) {
    if (request.length === MAX_MESSAGES || (request.length > 0 && message.bytes + 1 > left)) {
      yield request
      request = []
      left = requestBytes - FRAME_BYTES
    }
    request.push(message)
    left -= message.bytes + 1
  }
  yield request
}

function sizeOf(messages: readonly LetterMessage[]): number {
  return messages.reduce((sum, { bytes }) => sum + bytes + 1, 0)
}

function unusable({ fault, code }: Extract<ProbeEnd, { kind: 'bad' }>): TopicError {
  const advice = {
    topic:
      `names a topic that does not exist or may not be published to (${code}): create it, and ` +
      'grant roles/pubsub.publisher on it to the service account the service runs as',
    credentials:
      `cannot be reached without Google credentials (${code}): give Cloud Run a service account, ` +
      'or set GOOGLE_APPLICATION_CREDENTIALS, or PUBSUB_EMULATOR_HOST for an emulator',
  }
  return new TopicError(`DEAD_LETTER=pubsub: ${advice[fault]}`, code)
}
