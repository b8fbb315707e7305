import type { Clock } from '../lib/clock.ts'
import { createExpiringMap } from '../lib/expiring-map.ts'
import type { Settlement } from '../model/settlement.ts'
import type { EarlierOutcomes } from './outcome-table.ts'

export interface MemoryOptions {
  /**
   * The subscription's ack deadline. A message is remembered for two of them after Pub/Sub got its
   * ack.
   */
  readonly ackDeadlineMs: number
  /** The most bytes of all that is remembered. The oldest are forgotten past it. */
  readonly maxRememberedBytes: number
}

/** The settlements and outcomes of messages that are no longer under way. */
export interface SettledMemory {
  /**
   * Returns the settlement with which a message was acked. A call means that Pub/Sub gets the ack
   * now.
   */
  recallAck(key: string): Settlement | undefined
  /** Returns the outcomes of earlier deliveries of a nacked message. */
  recallOutcomes(key: string): EarlierOutcomes | undefined
  /** Called when a message was acked while a push waited for it. */
  acked(key: string, settlement: Settlement): void
  /** Called when a message was acked while no push waited: Pub/Sub will push it once more. */
  ackedUnheard(key: string, settlement: Settlement): void
  nacked(key: string, outcomes: EarlierOutcomes | undefined): void
}

/** A dozen of Pub/Sub's longest back-offs: each redelivery may go to another instance first. */
const UNFINISHED_LIFETIME_MS = 7_200_000
/** The rough size of a key, a value and the map's own share. */
const ENTRY_BYTES = 250
/** The size of the memory around outcomes. */
const OUTCOMES_BYTES = 1_000

/** Makes a memory that starts empty. Work on a message that is forgotten is done again. */
export function createSettledMemory(options: MemoryOptions, clock: Clock): SettledMemory {
  const maxBytes = options.maxRememberedBytes / 3
  const settled = { lifetimeMs: 2 * options.ackDeadlineMs, maxBytes }
  const unfinished = { lifetimeMs: UNFINISHED_LIFETIME_MS, maxBytes }
  const heard = createExpiringMap<Settlement>(settled, clock)
  const unheard = createExpiringMap<Settlement>(unfinished, clock)
  const outcomesOf = createExpiringMap<EarlierOutcomes>(unfinished, clock)

  return { recallAck, recallOutcomes: outcomesOf.recall, acked, ackedUnheard, nacked }

  function recallAck(key: string): Settlement | undefined {
    const settlement = unheard.recall(key)
    if (!settlement) return heard.recall(key)
    unheard.forget(key)
    acked(key, settlement)
    return settlement
  }

  function acked(key: string, settlement: Settlement): void {
    outcomesOf.forget(key)
    heard.remember(key, settlement, ENTRY_BYTES)
  }

  function ackedUnheard(key: string, settlement: Settlement): void {
    outcomesOf.forget(key)
    unheard.remember(key, settlement, ENTRY_BYTES)
  }

  function nacked(key: string, outcomes: EarlierOutcomes | undefined): void {
    if (!outcomes) return
    outcomesOf.remember(key, outcomes, ENTRY_BYTES + OUTCOMES_BYTES + outcomes.bytes)
  }
}
