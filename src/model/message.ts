/** What a publisher published, as one push hands it over. It holds one or many events. */
export interface Message {
  /** Unique within the topic: decimal digits in production, anything in hand-made pushes. */
  readonly messageId: string
  /** Full name, `projects/P/subscriptions/S`; empty when the push named none. */
  readonly subscription: string
  /** The data as it came: base64, empty when there is none. */
  readonly data: string
  readonly attributes: Readonly<Record<string, string>>
  /** RFC 3339, as it came. */
  readonly publishTime?: string
  /** The publish time in epoch ms; absent when it is missing or unreadable. */
  readonly publishedAt?: number
  readonly orderingKey?: string
  /** Counted by Pub/Sub, approximately, and only under a dead-letter policy. */
  readonly deliveryAttempt?: number
  /** Present when the message is a dead letter, published again: the rest is then the original's. */
  readonly replay?: Replay
}

/** A dead letter that has been published again: which event it is, and of which publication. */
export interface Replay {
  /** The id of the letter, which a new one of the same event has too. */
  readonly id: string
  /** From 1; 0 when the letter is of a message as a whole. */
  readonly line: number
  /** From 1: the event's place among its equals in the message. */
  readonly ordinal: number
  /** The insert id it had; absent when it was rejected before it had one. */
  readonly insertId?: string
  /** Which of the events that the transform made of the line the letter is of, when of one. */
  readonly child?: ReplayedChild
  /** The lines that the letter stands for, when it stands for several; no other is sent again. */
  readonly lines?: readonly LineRange[]
  /** How often the event had been published again when this letter was written. */
  readonly replays: number
  /** The message id under which it is pushed now. */
  readonly pushedAs: string
}

/** From 1: the place of an event among the events that the transform made of its line. */
export interface ReplayedChild {
  readonly place: number
  readonly of: number
}

/** Lines from `from` to `to`, both included. */
export interface LineRange {
  readonly from: number
  readonly to: number
}
