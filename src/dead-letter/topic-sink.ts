import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { DeadLetter, StoreDeadLetters } from '../model/dead-letter.ts'
import { type Confirm, createGroupCommit } from './group-commit.ts'
import { type LetterMessage, MAX_REQUEST_BYTES, messagesOf } from './letter-message.ts'
import { publishLetters } from './publish-letters.ts'
import { type ProbeEnd, probeEndOf, publishEndOf } from './topic-answers.ts'
import type { TopicClient } from './topic-client.ts'
import { TopicError } from './topic-error.ts'

export interface TopicSinkOptions {
  /** An emulator knows no permissions: it is asked for the topic itself. */
  readonly emulated: boolean
  /** Bytes that may wait for the request under way. A store larger than that waits only alone. */
  readonly maxQueuedBytes: number
}

export interface TopicSinkParts {
  readonly client: TopicClient
  /** Told at the start, when Google could not be asked whether the topic may be published to. */
  readonly unproven: (error: unknown) => void
}

export interface TopicSink {
  /**
   * One message a letter. Resolves when Pub/Sub has confirmed all of them; rejects as well when
   * too much waits already, and once closed.
   */
  readonly store: StoreDeadLetters
  /** Publishes nothing. Rejects, with what to do, when the topic cannot be published to. */
  probe(): Promise<void>
  /** Resolves when what waits is stored or refused. */
  close(): Promise<void>
}

/** Messages of one request (https://cloud.google.com/pubsub/quotas#resource_limits). */
const MAX_MESSAGES = 1_000
/** Requests side by side: a refused one takes as many as its halves, and others must not wait. */
const MAX_REQUESTS = 8
/** Data of more bytes is compressed: in base64, and with attributes, it may not fit a request. */
const MAX_PLAIN_BYTES = 7_000_000
/** For the brackets around the messages of a request; a comma for each counts with it. */
const FRAME_BYTES = 20

const PUBLISH = 'pubsub.topics.publish'

const compress = promisify(gzip)

/**
 * Publishes dead letters to a topic, by group commit: while requests are under way further letters
 * gather. What was refused may lie in the topic all the same, and again when its message
 * comes again: `id` tells.
 */
export function createTopicSink(options: TopicSinkOptions, parts: TopicSinkParts): TopicSink {
  const { client, unproven } = parts
  const groups = createGroupCommit<LetterMessage>({
    maxItems: MAX_MESSAGES,
    maxBytes: MAX_REQUEST_BYTES - FRAME_BYTES,
    maxQueuedBytes: options.maxQueuedBytes,
    maxCommits: MAX_REQUESTS,
    commit: publishAll,
  })

  return { store, probe, close }

  async function store(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return
    const messages: LetterMessage[] = []
    for (const letter of letters) {
      const encoded = encode(letter)
      for (const message of encoded instanceof Promise ? await encoded : encoded) {
        messages.push(message)
      }
    }
    await groups.add(messages, bytesOf(messages))
  }

  async function publishAll(
    messages: readonly LetterMessage[],
    confirm: Confirm<LetterMessage>,
  ): Promise<void> {
    for (const request of requestsOf(messages)) await publishLetters(request, { send, confirm })
  }

  async function send(messages: readonly string[]) {
    const answer = await client.publish(`{"messages":[${messages.join(',')}]}`)
    return publishEndOf(answer, messages.length)
  }

  async function probe(): Promise<void> {
    const end = options.emulated
      ? probeEndOf(await client.describe(), [])
      : probeEndOf(await client.testPermissions([PUBLISH]), [PUBLISH])
    if (end.kind === 'bad') throw unusable(end)
    if (end.kind === 'unknown') unproven(new TopicError('the topic could not be asked', end.code))
  }

  async function close(): Promise<void> {
    await groups.close()
    client.close()
  }
}

function encode(letter: DeadLetter): readonly LetterMessage[] | Promise<readonly LetterMessage[]> {
  const plain = bytesOfLetter(letter)
  if (plain.length <= MAX_PLAIN_BYTES || isGzip(plain)) return messagesOf(letter, plain, false)
  const compressed = compress(plain, { level: constants.Z_BEST_SPEED })
  return compressed.then((data) => messagesOf(letter, data, true))
}

function bytesOfLetter({ event, data = '' }: DeadLetter): Buffer {
  return event === undefined ? Buffer.from(data, 'base64') : Buffer.from(event)
}

/** What is compressed already would be read as its compressed bytes when it is compressed again. */
function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** Only what was stored at once, and is too large for one request, makes several. */
function* requestsOf(messages: readonly LetterMessage[]): Generator<readonly LetterMessage[]> {
  let request: LetterMessage[] = []
  let left = MAX_REQUEST_BYTES - FRAME_BYTES
  for (const message of messages) {
    if (request.length === MAX_MESSAGES || (request.length > 0 && message.bytes + 1 > left)) {
      yield request
      request = []
      left = MAX_REQUEST_BYTES - FRAME_BYTES
    }
    request.push(message)
    left -= message.bytes + 1
  }
  yield request
}

function bytesOf(messages: readonly LetterMessage[]): number {
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
