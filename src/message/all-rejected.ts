import type { Clock } from '../lib/clock.ts'
import type { Message } from '../model/message.ts'
import type { Tally } from '../model/outcome.ts'
import type { Rejections, Telemetry } from '../model/telemetry.ts'
import type { RejectedRoute } from '../settle/settlement-of.ts'

/**
 * A state in which every recent event of a topic was rejected: the transform throws on all, or the
 * topic has another shape. Messages are then nacked, so that the topic is not emptied into the dead
 * letters.
 */
export interface AllRejected {
  /** Whether enough events of enough messages were rejected, and none passed meanwhile. */
  isOn(): boolean
  /** Called when an event has passed `prepare` or was dropped by a rule. It ends the state. */
  passed(): void
  /**
   * Returns whether letters may be stored for a message whose events were all rejected before they
   * were sent. A message that may be stored is counted, and a redelivery of it is not counted
   * again.
   */
  admit(message: Message, rejections: readonly Tally[]): boolean
  /**
   * Called when the letters of a counted message could not be stored. The message counts no more.
   */
  notStored(message: Message): void
}

export interface AllRejectedDeps {
  readonly clock: Clock
  /**
   * The place of rejected events. Pub/Sub's own policy takes every message, so none is held back
   * then.
   */
  readonly rejectedRoute: RejectedRoute
  readonly telemetry: Pick<Telemetry, 'allRejected'>
}

/**
 * The rejected events that begin the state, if they are of enough messages, too: one bad file on a
 * quiet topic has as many events, but not as many messages.
 */
const ENOUGH_EVENTS = 100
const ENOUGH_MESSAGES = 20
const STORE_EVERY_MS = 60_000
/**
 * The age from which a message is stored all the same. The shortest retention of Pub/Sub is 10
 * minutes, its default is 7 days.
 */
const OLD_MS = 12 * 3_600_000

/** Makes a state that is off. It remembers the keys of less than a hundred messages. */
export function createAllRejected({
  clock,
  rejectedRoute,
  telemetry,
}: AllRejectedDeps): AllRejected {
  const counted = new Map<string, number>()
  let events = 0
  let lastStoredAt = Number.NEGATIVE_INFINITY
  let seen: Rejections = NOTHING

  return { isOn, passed, admit, notStored }

  function isOn(): boolean {
    return events >= ENOUGH_EVENTS && counted.size >= ENOUGH_MESSAGES
  }

  function passed(): void {
    counted.clear()
    events = 0
    seen = NOTHING
  }

  function admit(message: Message, rejections: readonly Tally[]): boolean {
    seen = rejections.reduce(withTally, seen)
    const allowed = !isOn() || isAllowed(message)
    if (!isOn()) count(message, rejections)
    if (isOn()) telemetry.allRejected(seen)
    return allowed
  }

  function count(message: Message, rejections: readonly Tally[]): void {
    const key = keyOf(message)
    const rejected = rejections.reduce((sum, tally) => sum + tally.count, 0)
    events += rejected - (counted.get(key) ?? 0)
    counted.set(key, rejected)
    lastStoredAt = clock.monotonic()
  }

  function isAllowed({ publishedAt }: Message): boolean {
    if (rejectedRoute === 'to_subscription') return true
    if (publishedAt === undefined || clock.now() - publishedAt > OLD_MS) return true
    if (clock.monotonic() - lastStoredAt < STORE_EVERY_MS) return false
    lastStoredAt = clock.monotonic()
    return true
  }

  function notStored(message: Message): void {
    const key = keyOf(message)
    events -= counted.get(key) ?? 0
    counted.delete(key)
  }
}

const NOTHING: Rejections = { reasons: {} }

function withTally(seen: Rejections, { outcome, count }: Tally): Rejections {
  if (outcome.kind !== 'rejected') return seen
  const { reason } = outcome
  const reasons = { ...seen.reasons, [reason]: (seen.reasons[reason] ?? 0) + count }
  const field = seen.field ?? outcome.field
  return field === undefined ? { reasons } : { reasons, field }
}

function keyOf({ subscription, messageId, replay }: Message): string {
  return JSON.stringify([subscription, messageId, replay?.pushedAs])
}
