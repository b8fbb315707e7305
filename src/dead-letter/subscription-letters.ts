import { hash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { createKeyTable } from '../lib/key-table.ts'
import { createLeases } from './leases.ts'
import { POLICY_REASON, readLetterMessage } from './letter-of-message.ts'
import type { PubsubAnswer } from './pubsub-client.ts'
import type { FoundLetter } from './read-letters.ts'
import { keyOfLetter, type StoredLetter } from './stored-letter.ts'
import type { Received, SubscriptionClient } from './subscription-client.ts'

/** The counts of one reading of a subscription. */
export interface SubscriptionSeen {
  /** The messages that were pulled, each time that they were. */
  readonly messages: number
  /** The copies of whole messages among the letters. */
  readonly copies: number
  readonly foreign: number
  readonly unreadable: number
  /** Present when reading ended before the subscription did. */
  readonly endedBy?: 'count' | 'time'
  /** The messages of letters that are done and could not be acked. They come again. */
  readonly notAcked: number
  /** The messages that could not be given back. They come again when their leases end. */
  readonly notGivenBack: number
}

/** A letter, a message that cannot be read as one, or a message that is none. */
export type Found = FoundLetter | 'unreadable' | 'foreign'

/** The letters that wait in a subscription. They are read once. */
export interface SubscriptionLetters {
  /**
   * Pulls until nothing comes, and yields each letter once. All that it pulls is kept leased. A
   * `pause` says that it waits for more: leases may end meanwhile.
   */
  read(): AsyncGenerator<Iterable<Found> | 'pause'>
  /** Acks the messages of letters that are done. An ack that fails is tried again later. */
  settle(letters: readonly StoredLetter[]): Promise<void>
  /** Gives back all messages that are not acked. */
  close(): Promise<void>
  seen(): SubscriptionSeen
}

export interface ReadingOptions {
  /** The ack deadline of the subscription. */
  readonly ackDeadlineMs: number
  /** The messages of one pull. */
  readonly pull: number
  /** The time after which nothing more is pulled, in ms; any when absent. */
  readonly withinMs?: number
}

export interface ReadingDeps {
  readonly client: SubscriptionClient
  readonly clock: Clock
  /** Aborts when the command is ended. */
  readonly ending: AbortSignal
  /** Makes the error to throw when Pub/Sub cannot be pulled from. */
  readonly failure: (answer: PubsubAnswer) => Error
}

/** The most messages that are leased at once. Their ack ids and keys take some 60 MB. */
const MOST_HELD = 100_000
/**
 * The pauses after answers without messages. Pub/Sub may give such an answer although some are
 * there, so only the last of four in a row means that the subscription is empty.
 */
const EMPTY_PAUSES_MS = [500, 1_000, 1_500]
const GRACE_MS = 5_000
const MOST_FAILURES = 3
const AGAIN_AFTER_MS = 1_000
const DONE = 1

/** Makes a reading of a subscription. */
export function createSubscriptionLetters(
  options: ReadingOptions,
  { client, clock, ending, failure }: ReadingDeps,
): SubscriptionLetters {
  const leases = createLeases(options.ackDeadlineMs, { client, clock })
  /** The ack ids of each letter that is not done, by a digest of its key. */
  const open = new Map<string, string[]>()
  const done = createKeyTable()
  /** The messages of letters that are done. */
  const toAck: string[] = []
  const [startedAt, begunAt] = [clock.now(), clock.monotonic()]
  const seen = { messages: 0, copies: 0, foreign: 0, unreadable: 0, notAcked: 0, notGivenBack: 0 }
  let endedBy: SubscriptionSeen['endedBy']

  return { read, settle, close, seen: () => ({ ...seen, ...(endedBy && { endedBy }) }) }

  async function* read(): AsyncGenerator<Iterable<Found> | 'pause'> {
    for (let empty = 0; !isTooMuch(); ) {
      ending.throwIfAborted()
      const since = clock.monotonic()
      const pulled = await pullAgain()
      const ackIds = pulled.map(({ ackId }) => ackId)
      leases.hold(ackIds, since)
      if (pulled.length > 0) {
        empty = 0
        yield lettersOf(pulled)
        continue
      }
      yield 'pause'
      const pauseMs = EMPTY_PAUSES_MS[empty]
      if (pauseMs === undefined) return
      await pause(pauseMs)
      empty += 1
    }
  }

  async function close(): Promise<void> {
    await ackAll()
    seen.notAcked = toAck.length
    seen.notGivenBack = await leases.giveBack()
    client.close()
  }

  function isTooMuch(): boolean {
    const { withinMs = Number.POSITIVE_INFINITY } = options
    if (leases.held() >= MOST_HELD) endedBy = 'count'
    else if (clock.monotonic() - begunAt >= withinMs) endedBy = 'time'
    return endedBy !== undefined
  }

  /** Pulls, again when Pub/Sub fails. */
  async function pullAgain(): Promise<readonly Received[]> {
    for (let failures = 1; ; failures += 1) {
      const pulled = await beforeEnd(client.pull(options.pull))
      if (pulled.kind === 'pulled') return pulled.received
      ending.throwIfAborted()
      if (failures === MOST_FAILURES || !mayPass(pulled.answer)) throw failure(pulled.answer)
      await pause(AGAIN_AFTER_MS)
    }
  }

  /** Waits for a pull, but not for long when the command is ended: it may still bring messages. */
  function beforeEnd(pull: ReturnType<typeof client.pull>): typeof pull {
    return new Promise((resolve, reject) => {
      const end = () => clock.after(GRACE_MS, () => reject(ending.reason))
      ending.addEventListener('abort', end)
      void pull.then(resolve, reject).finally(() => ending.removeEventListener('abort', end))
    })
  }

  /** Waits, until the command is ended. */
  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, over)
      ending.addEventListener('abort', over)

      function over(): void {
        cancel()
        ending.removeEventListener('abort', over)
        resolve()
      }
    })
  }

  function* lettersOf(pulled: readonly Received[]): Generator<Found> {
    for (const { ackId, message } of pulled) {
      seen.messages += 1
      const letter = readLetterMessage(message)
      if (typeof letter === 'string') {
        seen[letter] += 1
        yield letter
      } else if (isNew(letter, ackId) && !isOfThisReplay(letter)) {
        if (letter.reason === POLICY_REASON) seen.copies += 1
        yield { letter, isDone: false }
      }
    }
  }

  /** Whether a letter was not pulled before. Its twin has the same end. */
  function isNew(letter: StoredLetter, ackId: string): boolean {
    const key = keyOf(letter)
    const twins = open.get(key)
    if (twins !== undefined) twins.push(ackId)
    else if (done.marksOf(key) !== 0) toAck.push(ackId)
    else {
      open.set(key, [ackId])
      return true
    }
    return false
  }

  /** Whether a letter has failed again since. It would be sent again and again at once. */
  function isOfThisReplay({ replays, deadLetteredAt }: StoredLetter): boolean {
    return replays > 0 && Date.parse(deadLetteredAt) >= startedAt
  }

  async function settle(letters: readonly StoredLetter[]): Promise<void> {
    for (const letter of letters) {
      const key = keyOf(letter)
      toAck.push(...(open.get(key) ?? []))
      open.delete(key)
      done.mark(key, DONE)
    }
    await ackAll()
  }

  async function ackAll(): Promise<void> {
    toAck.push(...(await leases.acknowledge(toAck.splice(0))))
  }
}

function keyOf(letter: StoredLetter): string {
  return hash('sha256', keyOfLetter(letter), 'base64')
}

/** Whether a failure may pass by itself. */
function mayPass(answer: PubsubAnswer): boolean {
  if (answer.kind === 'answered') return answer.status === 429 || answer.status >= 500
  return answer.kind === 'unanswered'
}
