import type { LetterTally } from '../dead-letter/letter-tally.ts'
import type { RejectedMany } from '../model/dead-letter.ts'
import type { DecodedLines } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import type { RejectedEvent } from '../model/pending-event.ts'
import type { MessageProgress } from './message-progress.ts'
import type { Portions } from './portions.ts'
import { createRejectedEventsOf } from './rejected-events.ts'

/** The stages that measure and store dead letters. */
export interface LetterStages {
  tallyLetters(message: Message, decodedBytes: number): LetterTally
  /**
   * Resolves with whether these rejected events are safe. `isTimeToStore` may end the storing between
   * letters.
   */
  storeRejected(
    message: Message,
    rejected: readonly RejectedEvent[],
    isTimeToStore: () => boolean,
  ): Promise<boolean>
  /** Resolves with whether the one letter for all rejected events is safe. It holds the lines. */
  storeMany(message: Message, many: RejectedMany, decoded: DecodedLines): Promise<boolean>
}

/** Resolves with whether all rejected events of a message are safe. */
export type StoreLetters = (
  portions: Pick<Portions, 'message' | 'decoded' | 'again'>,
  progress: Pick<MessageProgress, 'outcomes' | 'isTimeToStore'>,
) => Promise<boolean>

/** The bytes of letters that are never too many. Their events are held, and not made once more. */
const MOST_HELD_BYTES = 1024 * 1024

/**
 * Makes a `StoreLetters`. All letters of a message are measured before the first of them is
 * written. When they would be too many, one letter holds the whole message instead.
 */
export function createStoreLetters(
  stages: LetterStages,
  nextTurn: () => Promise<void>,
): StoreLetters {
  return async function storeLetters({ message, decoded, again }, progress) {
    // The last events of the message may have been made in this turn.
    await nextTurn()
    const tally = stages.tallyLetters(message, decoded?.body.bytes.length ?? 0)
    const held: RejectedEvent[] = []
    const measured = await eachRejected(again(), progress, async (rejected) => {
      tally.add(rejected)
      if (tally.bytes() <= MOST_HELD_BYTES) held.push(...rejected)
      return true
    })
    if (!measured) return false
    if (decoded && tally.areTooMany()) return stages.storeMany(message, tally.sum(), decoded)
    const store = (rejected: readonly RejectedEvent[]) =>
      stages.storeRejected(message, rejected, progress.isTimeToStore)
    if (tally.bytes() <= MOST_HELD_BYTES) return store(held)
    await nextTurn()
    return eachRejected(again(), progress, store)
  }

  /** Resolves with whether all events were taken before the message's work ended. */
  async function eachRejected(
    { next }: Pick<Portions, 'next'>,
    { outcomes, isTimeToStore }: Pick<MessageProgress, 'outcomes' | 'isTimeToStore'>,
    take: (rejected: readonly RejectedEvent[]) => Promise<boolean>,
  ): Promise<boolean> {
    const rejectedEventsOf = createRejectedEventsOf(outcomes)
    for (;;) {
      if (!isTimeToStore()) return false
      const portion = next()
      const rejected = rejectedEventsOf(portion)
      if (rejected.length > 0) {
        // Making a large event takes one turn, and measuring its letter takes another.
        await nextTurn()
        if (!(await take(rejected))) return false
      }
      if (portion.isLast) return true
      await nextTurn()
    }
  }
}
