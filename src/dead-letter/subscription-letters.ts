import { hash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { createKeyTable } from '../lib/key-table.ts'
import { createLeases } from './leases.ts'
import { POLICY_REASON, readLetterMessage } from './letter-of-message.ts'
import { createPulls, type PullsDeps } from './pulls.ts'
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
  /** The pulls whose answers did not come. The messages that they leased come again. */
  readonly unanswered: number
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

export interface ReadingDeps extends PullsDeps {
  readonly client: SubscriptionClient
  readonly clock: Clock
}

/** The most messages that are leased at once. Their ack ids and keys take some 60 MB. */
const MOST_HELD = 100_000
/**
 * The pauses after answers without messages. Pub/Sub may give such an answer although some are
 * there, so only the last of four in a row means that the subscription is empty.
 */
const EMPTY_PAUSES_MS = [500, 1_000, 1_500]
const DONE = 1

/** Makes a reading of a subscription. */
export function createSubscriptionLetters(
  options: ReadingOptions,
  { client, clock, ending, failure }: ReadingDeps,
): SubscriptionLetters {
  const pulls = createPulls({ client, clock, ending, failure })
  const leases = createLeases(options.ackDeadlineMs, { client, clock })
  /** The ack ids of each letter that is not done, by a digest of its key. */
  const open = new Map<string, string[]>()
  const done = createKeyTable()
  /** The messages of letters that are done. */
  const toAck: string[] = []
  const [startedAt, begunAt] = [clock.now(), clock.monotonic()]
  const seen = { messages: 0, copies: 0, foreign: 0, unreadable: 0, notAcked: 0, notGivenBack: 0 }
  let endedBy: SubscriptionSeen['endedBy']

  return { read, settle, close, seen: seenSoFar }

  async function* read(): AsyncGenerator<Iterable<Found> | 'pause'> {
    for (let empty = 0; !isTooMuch(); ) {
      const since = clock.monotonic()
      const pulled = await pulls.next(options.pull)
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
      await pulls.pause(pauseMs)
      empty += 1
    }
  }

  async function close(): Promise<void> {
    await ackAll()
    seen.notAcked = toAck.length
    seen.notGivenBack = await leases.giveBack()
    client.close()
  }

  function seenSoFar(): SubscriptionSeen {
    return { ...seen, unanswered: pulls.unanswered(), ...(endedBy && { endedBy }) }
  }

  function isTooMuch(): boolean {
    const { withinMs = Number.POSITIVE_INFINITY } = options
    if (leases.held() >= MOST_HELD) endedBy = 'count'
    else if (clock.monotonic() - begunAt >= withinMs) endedBy = 'time'
    return endedBy !== undefined
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
