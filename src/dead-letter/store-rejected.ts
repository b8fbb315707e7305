import type { Clock } from '../lib/clock.ts'
import type { DeadLetter, StoreDeadLetters } from '../model/dead-letter.ts'
import type { RejectedJourney } from '../model/journey.ts'
import type { Message } from '../model/message.ts'
import type { Telemetry } from '../model/telemetry.ts'
import { deadLetterOf } from './dead-letter-of.ts'

export interface StoreRejectedParts {
  readonly store: StoreDeadLetters
  readonly clock: Clock
  readonly telemetry: Pick<Telemetry, 'deadLettersStored' | 'deadLettersNotStored'>
}

/**
 * Letters made at a time, in number and roughly in bytes: a message of many bad lines must not be
 * in memory twice, and each of its letters repeats all its attributes.
 */
const MOST_LETTERS = 1_000
const MOST_BYTES = 4 * 1024 * 1024

/** Resolves with whether the rejected events of a message are safe; never rejects. */
export type StoreRejected = (
  message: Message,
  journeys: readonly RejectedJourney[],
) => Promise<boolean>

/** Stores rejected events of a message as dead letters. */
export function createStoreRejected({
  store,
  clock,
  telemetry,
}: StoreRejectedParts): StoreRejected {
  return async function storeRejected(message, journeys) {
    const startedAt = clock.monotonic()
    try {
      for (const some of groupsOf(message, journeys)) {
        await store(some.map((journey) => letterOf(message, journey)))
      }
    } catch (error) {
      telemetry.deadLettersNotStored(error)
      return false
    }
    telemetry.deadLettersStored(journeys.length, clock.monotonic() - startedAt)
    return true
  }

  function letterOf(message: Message, journey: RejectedJourney): DeadLetter {
    const { line, child, children, event, outcome } = journey
    const ordinal = Math.max(message.replay?.ordinal ?? 1, journey.ordinal)
    return deadLetterOf({
      message,
      child,
      ...(children !== undefined && { children }),
      outcome,
      ordinal: ordinal > 1 ? ordinal : undefined,
      deadLetteredAt: clock.now(),
      ...(line && { line }),
      ...(event && { prepared: event }),
    })
  }
}

function* groupsOf(
  message: Message,
  journeys: readonly RejectedJourney[],
): Generator<readonly RejectedJourney[]> {
  const sharedBytes = JSON.stringify(message.attributes).length
  let group: RejectedJourney[] = []
  let bytes = 0
  for (const journey of journeys) {
    const ownBytes = sharedBytes + (journey.line ?? { text: message.data }).text.length
    if (group.length === MOST_LETTERS || (group.length > 0 && bytes + ownBytes > MOST_BYTES)) {
      yield group
      group = []
      bytes = 0
    }
    group.push(journey)
    bytes += ownBytes
  }
  if (group.length > 0) yield group
}
