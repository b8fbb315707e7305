import type { Clock } from '../lib/clock.ts'
import { createExpiringMap } from '../lib/expiring-map.ts'
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

/**
 * The settlements and outcomes of messages that are no longer under way. When two messages have the
 * same ids, the later is remembered.
 */
export interface SettledMemory {
  /**
   * Returns the settlement with which a message was acked. A call means that Pub/Sub gets the ack
   * now.
   */
  recallAck(named: NamedMessage): Settlement | undefined
  /** Returns the outcomes of earlier deliveries of a nacked message. */
  recallOutcomes(named: NamedMessage): EarlierOutcomes | undefined
  /**
   * Called when a message was acked while a push waited for it. It is remembered when it has dead
   * letters: an import that is repeated changes nothing, and a letter that is repeated is one more.
   */
  acked(named: NamedMessage, settlement: Settlement): void
  /** Called when a message was acked while no push waited: Pub/Sub will push it once more. */
  ackedUnheard(named: NamedMessage, settlement: Settlement): void
  nacked(named: NamedMessage, outcomes: EarlierOutcomes | undefined): void
}

/** A dozen of Pub/Sub's longest back-offs: each redelivery may go to another instance first. */
const UNFINISHED_LIFETIME_MS = 7_200_000
/** The rough size of a digest, a value and the map's own share. */
const ENTRY_BYTES = 250
/** The size of the memory around outcomes. */
const OUTCOMES_BYTES = 1_000

/** Makes a memory that starts empty. Work on a message that is forgotten is done again. */
export function createSettledMemory(options: MemoryOptions, clock: Clock): SettledMemory {
  const maxBytes = options.maxRememberedBytes / 3
  const settled = { lifetimeMs: 2 * options.ackDeadlineMs, maxBytes }
  const unfinished = { lifetimeMs: UNFINISHED_LIFETIME_MS, maxBytes }
  const heard = createMessageMap<Settlement>(settled, clock)
  const unheard = createMessageMap<Settlement>(unfinished, clock)
  const outcomesOf = createMessageMap<EarlierOutcomes>(unfinished, clock)

  return { recallAck, recallOutcomes: outcomesOf.recall, acked, ackedUnheard, nacked }

  function recallAck(named: NamedMessage): Settlement | undefined {
    const settlement = unheard.recall(named)
    if (!settlement) return heard.recall(named)
    unheard.forget(named)
    heard.remember(named, settlement, 0)
    return settlement
  }

  function acked(named: NamedMessage, settlement: Settlement): void {
    outcomesOf.forget(named)
    if (settlement.reason === 'dead_lettered') heard.remember(named, settlement, 0)
  }

  function ackedUnheard(named: NamedMessage, settlement: Settlement): void {
    outcomesOf.forget(named)
    unheard.remember(named, settlement, 0)
  }

  function nacked(named: NamedMessage, outcomes: EarlierOutcomes | undefined): void {
    if (outcomes) outcomesOf.remember(named, outcomes, OUTCOMES_BYTES + outcomes.bytes)
  }
}

/** A value for each message. A digest is made only of a message whose ids are in the map. */
interface MessageMap<Value> {
  recall(named: NamedMessage): Value | undefined
  /** Remembers a value that takes so many bytes, besides the entry itself. */
  remember(named: NamedMessage, value: Value, bytes: number): void
  forget(named: NamedMessage): void
}

function createMessageMap<Value>(
  options: { readonly lifetimeMs: number; readonly maxBytes: number },
  clock: Clock,
): MessageMap<Value> {
  const byIds = createExpiringMap<{ digest: string; value: Value }>(options, clock)

  return { recall, remember, forget: ({ ids }) => byIds.forget(ids) }

  function recall({ ids, message }: NamedMessage): Value | undefined {
    const found = byIds.recall(ids)
    return found && found.digest === digestOf(message) ? found.value : undefined
  }

  function remember({ ids, message }: NamedMessage, value: Value, bytes: number): void {
    const digest = digestOf(message)
    byIds.remember(ids, { digest, value }, ENTRY_BYTES + heapBytesOf(ids) + bytes)
  }
}
