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
}
