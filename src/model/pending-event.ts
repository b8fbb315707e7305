import type { Line, PreparedEvent } from './event.ts'
import type { Message } from './message.ts'
import type { Dropped, EventOutcome, Rejected, Retry } from './outcome.ts'

/** The events of one message on their way to Mixpanel. It is told the outcome of each event. */
export interface OutcomeSink {
  /** The key of the message: the same at each delivery, and unique to the message. */
  readonly key: string
  /** The message; absent when its push has no span. */
  readonly message?: Pick<Message, 'spanContext'>
  /**
   * The monotonic ms until which a push waits for the delivery. It moves when a redelivery joins,
   * or on a drain.
   */
  readonly deliverBy: number
  /**
   * Returns the monotonic ms after which no attempt starts for these events: `deliverBy`, or later while
   * their work goes on although no push waits for it. After `deliverBy`, events that a push waits
   * for go first.
   */
  goesOnUntil(): number
  /** Called when some of the events leave in a batch. */
  departed(): void
  /** Called once for each event, when its outcome is known. */
  report(event: PendingEvent, outcome: EventOutcome): void
  /** Called instead when the delivery threw. That is a bug, which becomes a 500 and so a nack. */
  failed(error: unknown): void
}

/** The text of an event that came out of the mapping. */
export interface MappedText {
  readonly text: string
  /** The text before the privacy section; absent when it is not known any more. */
  readonly unredacted: string | undefined
}

/**
 * One event of a message: its place, and the event that is sent or the outcome that keeps it back.
 */
export interface MadeEvent {
  /** The line; absent when the message as a whole could not be read. */
  readonly line?: Line
  /** 0 for a single event; 1, 2, … for the children when a transform made several events of one. */
  readonly child: number
  /** The number of children; absent for a single event. */
  readonly children?: number
  /** The event as it came out of the mapping; present when letters hold it so. */
  readonly mapped?: MappedText
  readonly step: PreparedEvent | Dropped | Rejected | Retry
}

/** The events of a line. One that `ended` before it became events is one event with its outcome. */
export interface LineEvents {
  readonly kind: 'events' | 'ended'
  readonly line: Line
  readonly events: readonly MadeEvent[]
}

/** An event on its way to Mixpanel. */
export interface PendingEvent {
  readonly sink: OutcomeSink
  /** The number of the event in its message, from 0. The order is the same at each delivery. */
  readonly place: number
  readonly prepared: PreparedEvent
}

/** A rejected event, as it will be stored. */
export interface RejectedEvent {
  readonly line?: Line
  /**
   * The event's place among the equal events of its message when its insert id depends on that,
   * else its line's place; from 1.
   */
  readonly ordinal: number
  readonly child: number
  readonly children?: number
  readonly mapped?: MappedText
  readonly outcome: Rejected
  /** The prepared event; absent when it was rejected before it was prepared. */
  readonly prepared?: PreparedEvent
}
