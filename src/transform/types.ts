/** An event as Mixpanel's `/import` takes it. */
export interface MixpanelEvent {
  readonly event: string
  readonly properties: Readonly<Record<string, unknown>>
}

/** What a transform may know of the message that an event came in. A copy: changing it changes nothing. */
export interface TransformContext {
  readonly messageId: string
  /** Full name, `projects/P/subscriptions/S`; empty when the push named none. */
  readonly subscription: string
  /** Without the four that a dead-letter policy adds (`CloudPubSubDeadLetterSource…`). */
  readonly attributes: Readonly<Record<string, string>>
  /**
   * RFC 3339, as Pub/Sub sent it; in a copy that a dead-letter policy made, that of the original. A
   * redelivery may have another one: no event may depend on it.
   */
  readonly publishTime?: string
  readonly orderingKey?: string
  /** Present only under a dead-letter policy, and approximate. Grows: no event may depend on it. */
  readonly deliveryAttempt?: number
  /** From 1: the event's line in the text, or its place in the array. */
  readonly line: number
}

/**
 * The default export of a `TRANSFORM` module. It is called for each event, with what its JSON says,
 * or with `undefined` for a message without data, whose attributes may say it all; once more when a
 * dead letter is written for an event of a large message.
 * Numbers beyond 2^53 come rounded: publish large ids as strings.
 * It answers at once: an event, several, or `null` to drop it. What it throws, or answers else,
 * rejects this event alone as `transform_failed`. It must be a function of its arguments: Pub/Sub
 * delivers again, and an event that then looks different is imported twice.
 */
export type TransformEvent = (
  input: unknown,
  context: TransformContext,
) => MixpanelEvent | readonly MixpanelEvent[] | null
