import type { Clock } from '../lib/clock.ts'
import { createExpiryQueue, type Expiring, type ExpiryQueue, OVER } from '../lib/expiry-queue.ts'
import { heapBytesOf } from '../lib/heap-bytes.ts'
import type { Message } from '../model/message.ts'
import type { Settlement } from '../model/settlement.ts'
import type { EarlierOutcomes } from './outcome-table.ts'
import { digestOf } from './same-message.ts'

export interface MemoryOptions {
  /**
   * The subscription's ack deadline. A message is remembered for two of them after Pub/Sub got its
   * ack.
   */
  readonly ackDeadlineMs: number
  /** The most bytes of all that is remembered. The oldest are forgotten past it. */
  readonly maxRememberedBytes: number
}

/** A message, with the ids by which it is looked up. */
export interface NamedMessage {
  /** All ids of the message in one text. Other messages may have the same: see `isSameMessage`. */
  readonly ids: string
  readonly message: Message
}

/** The last end of a message: the settlement of its ack, or the outcomes that a nack left. */
export type Remembered = Readonly<
  { kind: 'acked'; settlement: Settlement } | { kind: 'nacked'; outcomes: EarlierOutcomes }
>

/**
 * The settlements and outcomes of messages that are no longer under way. When two messages have the
 * same ids, the later is remembered.
 */
export interface SettledMemory {
  /** Returns the last end of a message. A call means that Pub/Sub gets the ack now, if it is one. */
  recall(named: NamedMessage): Remembered | undefined
  /**
   * Called when a message was acked while a push waited for it. It is remembered when it has dead
   * letters: an import that is repeated changes nothing, and a letter that is repeated is one more.
   */
  acked(named: NamedMessage, settlement: Settlement): void
  /** Called when a message was acked while no push waited: Pub/Sub will push it once more. */
  ackedUnheard(named: NamedMessage, settlement: Settlement): void
  nacked(named: NamedMessage, outcomes: EarlierOutcomes | undefined): void
}

interface Entry extends Expiring {
  readonly ids: string
  readonly digest: string
  readonly queue: ExpiryQueue<Entry>
  /** Absent once it is forgotten. */
  remembered: Remembered | undefined
}

/** A dozen of Pub/Sub's longest back-offs: each redelivery may go to another instance first. */
const UNFINISHED_LIFETIME_MS = 7_200_000
/** The rough size of an entry with its digest and the map's own share. */
const ENTRY_BYTES = 250
/** The size of the memory around outcomes. */
const OUTCOMES_BYTES = 1_000

/** Makes a memory that starts empty. Work on a message that is forgotten is done again. */
export function createSettledMemory(options: MemoryOptions, clock: Clock): SettledMemory {
  const byIds = new Map<string, Entry>()
  // Each has its own bytes: many acks must not push the outcomes of a large message out.
  const shared = { maxBytes: options.maxRememberedBytes / 3, left: letGo }
  const unfinished = { ...shared, lifetimeMs: UNFINISHED_LIFETIME_MS }
  const heardAcks = createExpiryQueue<Entry>(
    { ...shared, lifetimeMs: 2 * options.ackDeadlineMs },
    clock,
  )
  const unheardAcks = createExpiryQueue<Entry>(unfinished, clock)
  const nacks = createExpiryQueue<Entry>(unfinished, clock)

  return { recall, acked, ackedUnheard, nacked }

  /** Makes a digest only of a message whose ids are in the map. */
  function recall(named: NamedMessage): Remembered | undefined {
    const entry = byIds.get(named.ids)
    if (!entry || entry.until <= clock.monotonic()) return undefined
    if (entry.digest !== digestOf(named.message)) return undefined
    const { remembered, queue } = entry
    if (remembered && queue === unheardAcks) remember(named, remembered, heardAcks)
    return remembered
  }

  function acked(named: NamedMessage, settlement: Settlement): void {
    const earlier = byIds.get(named.ids)
    if (settlement.reason === 'dead_lettered') {
      remember(named, { kind: 'acked', settlement }, heardAcks)
    } else if (earlier) forget(earlier)
  }

  function ackedUnheard(named: NamedMessage, settlement: Settlement): void {
    remember(named, { kind: 'acked', settlement }, unheardAcks)
  }

  function nacked(named: NamedMessage, outcomes: EarlierOutcomes | undefined): void {
    if (!outcomes) return
    const bytes = OUTCOMES_BYTES + outcomes.bytes
    remember(named, { kind: 'nacked', outcomes }, nacks, bytes)
  }

  /** Remembers the end of a message, which takes so many bytes besides the entry itself. */
  function remember(
    { ids, message }: NamedMessage,
    remembered: Remembered,
    queue: ExpiryQueue<Entry>,
    ownBytes = 0,
  ): void {
    const earlier = byIds.get(ids)
    if (earlier) forget(earlier)
    const bytes = ENTRY_BYTES + heapBytesOf(ids) + ownBytes
    const entry = { ids, digest: digestOf(message), queue, remembered, bytes, until: OVER }
    byIds.set(ids, entry)
    queue.add(entry)
  }

  function forget(entry: Entry): void {
    entry.queue.remove(entry)
    letGo(entry)
  }

  function letGo(entry: Entry): void {
    byIds.delete(entry.ids)
    entry.remembered = undefined
  }
}
