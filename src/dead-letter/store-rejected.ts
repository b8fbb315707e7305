import type { Clock } from '../lib/clock.ts'
import type { DeadLetter, StoreDeadLetters } from '../model/dead-letter.ts'
import type { Journey } from '../model/journey.ts'
import type { Message } from '../model/message.ts'
import type { Rejected } from '../model/outcome.ts'
import type { Telemetry } from '../model/telemetry.ts'
import { deadLetterOf } from './dead-letter-of.ts'
import { type Ordinals, ordinalsOf } from './ordinals-of.ts'

export interface StoreRejectedParts {
  readonly store: StoreDeadLetters
  readonly clock: Clock
  readonly telemetry: Pick<Telemetry, 'deadLettersStored' | 'deadLettersNotStored'>
}

/** Letters made at a time: a message of half a million bad lines must not be in memory twice. */
const MOST_LETTERS = 1_000

/**
 * Resolves with whether the rejected events of a message are safe; never rejects. `all` are the
 * message's journeys, among which equal lines are told apart.
 */
export type StoreRejected = (
  message: Message,
  journeys: readonly Journey[],
  all?: readonly Journey[],
) => Promise<boolean>

/** Stores the rejected among a message's journeys as dead letters. */
export function createStoreRejected({
  store,
  clock,
  telemetry,
}: StoreRejectedParts): StoreRejected {
  return async function storeRejected(message, journeys, all = journeys) {
    const startedAt = clock.monotonic()
    const rejected = journeys.filter(isRejected)
    const ordinals = ordinalsOf(rejected, all)
    try {
      for (let from = 0; from < rejected.length; from += MOST_LETTERS) {
        const some = rejected.slice(from, from + MOST_LETTERS)
        await store(some.map((journey) => letterOf(message, journey, ordinals)))
      }
    } catch (error) {
      telemetry.deadLettersNotStored(error)
      return false
    }
    telemetry.deadLettersStored(rejected.length, clock.monotonic() - startedAt)
    return true
  }

  function letterOf(message: Message, journey: RejectedJourney, ordinals: Ordinals): DeadLetter {
    const { line, child, event, outcome } = journey
    const { replay } = message
    const ordinal = replay && replay.ordinal > 1 ? replay.ordinal : line && ordinals.get(line)
    return deadLetterOf({
      message,
      child,
      outcome,
      ordinal,
      deadLetteredAt: clock.now(),
      ...(line && { line }),
      ...(event && { prepared: event }),
    })
  }
}

interface RejectedJourney extends Journey {
  readonly outcome: Rejected
}

function isRejected(journey: Journey): journey is RejectedJourney {
  return journey.outcome?.kind === 'rejected'
}
