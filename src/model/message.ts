import type { SpanContext } from '@opentelemetry/api'

/**
 * Data as it was pushed: base64, empty when there is none. Large data is the bytes that the base64
 * stands for.
 */
export type MessageData = string | Buffer

/** A message as one push brings it. It holds one or many events. */
export interface Message {
  /**
   * The id, unique within the topic: decimal digits from Pub/Sub, any text in a push made by hand.
   */
  readonly messageId: string
  /** The full name, `projects/P/subscriptions/S`; empty when the push named none. */
  readonly subscription: string
  readonly data: MessageData
  readonly attributes: Readonly<Record<string, string>>
  /** RFC 3339, as Pub/Sub sent it. */
  readonly publishTime?: string
  /** The publish time in epoch ms; absent when it is missing or unreadable. */
  readonly publishedAt?: number
  readonly orderingKey?: string
  /**
   * The number of deliveries, as Pub/Sub counts them: approximate, and only under a dead-letter
   * policy.
   */
  readonly deliveryAttempt?: number
  /**
   * Present when the message is a dead letter that was published again. The other fields are then
   * the original message's.
   */
  readonly replay?: Replay
  /** The span of the push; present while traces are on. */
  readonly spanContext?: SpanContext
}

/** A dead letter that has been published again: its event, and where the event comes from. */
export interface Replay {
  /** The id of the letter. A new letter for the same event has the same id. */
  readonly id: string
  /** The line, from 1; 0 when the letter is for a message as a whole. */
  readonly line: number
  /** The event's place among its equals in the message, from 1. */
  readonly ordinal: number
  /** The insert id of the event; absent when it was rejected before it had one. */
  readonly insertId?: string
  /**
   * The event's place among those that the transform made of the line, when the letter is for one
   * of several.
   */
  readonly child?: ReplayedChild
  /**
   * The lines that the letter stands for, when it stands for several. No other line is sent again.
   */
  readonly lines?: readonly LineRange[]
  /** Set when the letter holds an event that came out of the mapping. */
  readonly isMapped?: true
  /** Set when the letter was stored without its content. */
  readonly isEmptied?: true
  /** The number of times that the event had been published again when this letter was written. */
  readonly replays: number
  /** The message id under which the letter is pushed now. */
  readonly pushedAs: string
}

/** The place of an event, from 1, among the events that the transform made of its line. */
export interface ReplayedChild {
  readonly place: number
  readonly of: number
}

/** The lines from `from` to `to`, both included. */
export interface LineRange {
  readonly from: number
  readonly to: number
}
