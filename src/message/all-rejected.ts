import type { Clock } from '../lib/clock.ts'
import type { Message } from '../model/message.ts'
import type { Tally } from '../model/outcome.ts'
import type { Rejections, Telemetry } from '../model/telemetry.ts'
import type { RejectedGo } from '../settle/settlement-of.ts'

/**
 * Notices that nothing but letters comes of a topic: a transform that throws on everything, or a
 * topic of another shape. From then on messages are nacked instead of emptied into the letters.
 */
export interface AllRejected {
  /** Whether nothing but letters has come of enough events of enough messages. */
  isOn(): boolean
  /** Called when an event has passed `prepare` or was dropped by a rule: ends the state. */
  passed(): void
  /**
   * Whether letters may be stored of a message whose events were all rejected before they were sent.
   * One that may is counted; a redelivery of it once.
   */
  mayStore(message: Message, rejections: readonly Tally[]): boolean
  /** Called when the letters of a message that may be stored could not be: it counts no more. */
  notStored(message: Message): void
}

export interface AllRejectedParts {
  readonly clock: Clock
  /** Where Pub/Sub's own policy takes the messages, none is held back. */
  readonly rejectedGo: RejectedGo
  readonly telemetry: Pick<Telemetry, 'allRejected'>
}

/** One bad file on a quiet topic has as many events, but not as many messages. */
const MOST_EVENTS = 100
const MOST_MESSAGES = 20
const STORE_EVERY_MS = 60_000
/** The shortest retention that Pub/Sub offers is 10 minutes, its default is 7 days. */
const OLD_MS = 12 * 3_600_000

/** A state that is off. It remembers the keys of less than a hundred messages. */
export function createAllRejected({ clock, rejectedGo, telemetry }: AllRejectedParts): AllRejected {
  const counted = new Map<string, number>()
  let events = 0
  let lastStoredAt = Number.NEGATIVE_INFINITY
  let seen: Rejections = NOTHING

  return { isOn, passed, mayStore, notStored }

  function isOn(): boolean {
    return events >= MOST_EVENTS && counted.size >= MOST_MESSAGES
  }

  function passed(): void {
    counted.clear()
    events = 0
    seen = NOTHING
  }

  function mayStore(message: Message, rejections: readonly Tally[]): boolean {
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
    if (rejectedGo === 'to_subscription') return true
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
