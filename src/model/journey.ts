import type { Line, PreparedEvent } from './event.ts'
import type { Dropped, EventOutcome, Rejected, Retry } from './outcome.ts'

/** The events of one message on their way to Mixpanel, told as each of them arrives. */
export interface Party {
  /** The same at each delivery of the message, and no other message has it. */
  readonly key: string
  /**
   * Monotonic ms until which a push waits for their delivery. Moves when a redelivery joins, or on
   * a drain.
   */
  readonly deliverBy: number
  /**
   * Monotonic ms after which no attempt starts for them: `deliverBy`, or later while their work goes
   * on although no push waits for it. From `deliverBy` on, events that a push waits for go first.
   */
  readonly goesOnUntil: number
  /** Called when some of them leave in a batch. */
  departed(): void
  /** Called once for each traveller: its outcome is known from now on. */
  arrived(traveller: Traveller, outcome: EventOutcome): void
  /** Called instead when the delivery threw: a bug, which becomes a 500 and so a nack. */
  failed(error: unknown): void
}

/** One event of a message: where it stood, and what it sets out as, or why it does not. */
export interface Journey {
  /** Absent when the message as a whole could not be read: the journey is the message's. */
  readonly line?: Line
  /** 0 for an only event; 1, 2, … for the children of a transform that made several of one. */
  readonly child: number
  /** How many children there are; absent for an only event. */
  readonly children?: number
  readonly step: PreparedEvent | Dropped | Rejected | Retry
}

/** An event under way to Mixpanel. */
export interface Traveller {
  readonly party: Party
  /** Which of its message's events it is, from 0, in an order that is the same at each delivery. */
  readonly place: number
  readonly event: PreparedEvent
}

/** A rejected event, as it is to be stored. */
export interface RejectedJourney {
  readonly line?: Line
  /** From 1: its place among the events sent alike where its id rests on that, else its line's place. */
  readonly ordinal: number
  readonly child: number
  readonly children?: number
  readonly outcome: Rejected
  /** Absent when it was rejected before it was prepared. */
  readonly event?: PreparedEvent
}
