import type { Clock } from '../lib/clock.ts'
import type { LetterToStore, RejectedMany, StoreDeadLetters } from '../model/dead-letter.ts'
import type { DecodedLines } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import type { RejectReason } from '../model/outcome.ts'
import type { RejectedEvent } from '../model/pending-event.ts'
import type { Telemetry } from '../model/telemetry.ts'
import type { LetterForm } from './letter-form.ts'
import { makeDeadLetter, makeLetterOfMany } from './make-dead-letter.ts'

export interface StoreRejectedDeps {
  readonly store: StoreDeadLetters
  readonly form: LetterForm
  readonly clock: Clock
  readonly telemetry: Pick<Telemetry, 'deadLettersStored' | 'deadLettersNotStored'>
}

/**
 * The most letters made at a time, in number and roughly in bytes. A message of many bad lines must
 * not be in memory twice, and each of its letters repeats all its attributes.
 */
const MOST_LETTERS = 1_000
const MOST_BYTES = 4 * 1024 * 1024

/** The store of rejected events of a message as dead letters. */
export interface RejectedStore {
  /**
   * Stores a letter for each event. Resolves with whether all are safe; with `false`, too, once
   * they may not be stored any more. It never rejects.
   */
  storeRejected(
    message: Message,
    events: readonly RejectedEvent[],
    isTimeToStore: () => boolean,
  ): Promise<boolean>
  /**
   * Stores one letter for all of them, with the lines of the message. Resolves with whether it is
   * safe. It never rejects.
   */
  storeMany(message: Message, many: RejectedMany, decoded: DecodedLines): Promise<boolean>
}

export function createRejectedStore(deps: StoreRejectedDeps): RejectedStore {
  const { store, clock, telemetry, form } = deps
  return { storeRejected, storeMany }

  async function storeRejected(
    message: Message,
    events: readonly RejectedEvent[],
    isTimeToStore: () => boolean,
  ): Promise<boolean> {
    let isFirst = true
    for (const some of splitIntoGroups(message, events)) {
      if (!isFirst && !isTimeToStore()) return false
      isFirst = false
      const letters = some.map((event) => makeDeadLetter(message, event, clock.now(), form.ofEvent))
      if (!(await storeLetters(letters, countReasons(some)))) return false
    }
    return true
  }

  async function storeMany(
    message: Message,
    many: RejectedMany,
    decoded: DecodedLines,
  ): Promise<boolean> {
    const parts = await form.ofMessage(message, decoded)
    return storeLetters([makeLetterOfMany(message, many, clock.now(), parts)], many.reasons)
  }

  async function storeLetters(
    letters: readonly LetterToStore[],
    reasons: Reasons,
  ): Promise<boolean> {
    const startedAt = clock.monotonic()
    try {
      await store(letters)
    } catch (error) {
      telemetry.deadLettersNotStored(error)
      return false
    }
    telemetry.deadLettersStored(reasons, clock.monotonic() - startedAt)
    return true
  }
}

type Reasons = RejectedMany['reasons']

function countReasons(events: readonly RejectedEvent[]): Reasons {
  const reasons: Partial<Record<RejectReason, number>> = {}
  for (const { outcome } of events) {
    reasons[outcome.reason] = (reasons[outcome.reason] ?? 0) + 1
  }
  return reasons
}

function* splitIntoGroups(
  message: Message,
  events: readonly RejectedEvent[],
): Generator<readonly RejectedEvent[]> {
  const sharedBytes = JSON.stringify(message.attributes).length
  let group: RejectedEvent[] = []
  let bytes = 0
  for (const event of events) {
    const ownBytes = sharedBytes + (event.line ?? { text: message.data }).text.length
    if (group.length === MOST_LETTERS || (group.length > 0 && bytes + ownBytes > MOST_BYTES)) {
      yield group
      group = []
      bytes = 0
    }
    group.push(event)
    bytes += ownBytes
  }
  if (group.length > 0) yield group
}
