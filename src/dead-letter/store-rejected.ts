import type { Clock } from '../lib/clock.ts'
import type { StoreDeadLetters } from '../model/dead-letter.ts'
import type { Journey } from '../model/journey.ts'
import type { Message } from '../model/message.ts'
import type { Telemetry } from '../model/telemetry.ts'
import { deadLetterOf } from './dead-letter-of.ts'

export interface StoreRejectedParts {
  readonly store: StoreDeadLetters
  readonly clock: Clock
  readonly telemetry: Pick<Telemetry, 'deadLettersStored' | 'deadLettersNotStored'>
}

/** Letters made at a time: a message of half a million bad lines must not be in memory twice. */
const MOST_LETTERS = 1_000

/** Resolves with whether the rejected events of a message are safe; never rejects. */
export type StoreRejected = (message: Message, journeys: readonly Journey[]) => Promise<boolean>

/** Stores the rejected among a message's journeys as dead letters. */
export function createStoreRejected({
  store,
  clock,
  telemetry,
}: StoreRejectedParts): StoreRejected {
  return async function storeRejected(message, journeys) {
    const startedAt = clock.monotonic()
    try {
      for (let from = 0; from < journeys.length; from += MOST_LETTERS) {
        const some = journeys.slice(from, from + MOST_LETTERS)
        await store(some.flatMap((journey) => letterOf(message, journey)))
      }
    } catch (error) {
      telemetry.deadLettersNotStored(error)
      return false
    }
    telemetry.deadLettersStored(journeys.length, clock.monotonic() - startedAt)
    return true
  }

  function letterOf(message: Message, { line, child, event, outcome }: Journey) {
    if (outcome?.kind !== 'rejected') return []
    return deadLetterOf({
      message,
      child,
      outcome,
      deadLetteredAt: clock.now(),
      ...(line && { line }),
      ...(event && { prepared: event }),
    })
  }
}
