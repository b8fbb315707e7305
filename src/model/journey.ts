import type { Line, PreparedEvent } from './event.ts'
import type { EventOutcome } from './outcome.ts'

/** The events of one message on their way to Mixpanel, told as each of them arrives. */
export interface Party {
  /** Monotonic ms after which no attempt starts for them. Moves when a redelivery joins, or on a drain. */
  readonly deliverBy: number
  /** Called once for each journey that set out: its outcome is known from now on. */
  arrived(journey: Journey, outcome: EventOutcome): void
  /** Called instead when the delivery threw: a bug, which becomes a 500 and so a nack. */
  failed(error: unknown): void
}

/** One event of a message under way: where it stood, what it travels as, how its journey ended. */
export interface Journey {
  readonly party: Party
  /** Absent when the message as a whole could not be read: the journey is the message's. */
  readonly line?: Line
  /** 0 for an only event; 1, 2, … for the children of a transform that made several of one. */
  readonly child: number
  /** Absent when the journey ended before the event was prepared. */
  readonly event?: PreparedEvent
  /** Absent while the journey goes on. */
  outcome?: EventOutcome
}

/** A journey that has an event to carry. */
export interface Traveller extends Journey {
  readonly event: PreparedEvent
}
