/** An event as Mixpanel's `/import` accepts it. */
export interface MixpanelEvent {
  readonly event: string
  readonly properties: Readonly<Record<string, unknown>>
}

/** The facts about a message that a transform may use. It is a copy: changing it has no effect. */
export interface TransformContext {
  readonly messageId: string
  /** The full name, `projects/P/subscriptions/S`; empty when the push named none. */
  readonly subscription: string
  /**
   * The attributes without the four that a dead-letter policy adds
   * (`CloudPubSubDeadLetterSource…`).
   */
  readonly attributes: Readonly<Record<string, string>>
  /**
   * RFC 3339, as Pub/Sub sent it. In a copy that a dead-letter policy made, it is that of the
   * original. A redelivery may have another publish time, so no event may depend on it.
   */
  readonly publishTime?: string
  readonly orderingKey?: string
  /**
   * The approximate number of deliveries; present only under a dead-letter policy. It grows, so no
   * event may depend on it.
   */
  readonly deliveryAttempt?: number
  /** The event's line in the text, or its place in the array, from 1. */
  readonly line: number
}

/**
 * The default export of a `TRANSFORM` module. It is called for each event with the value of its
 * JSON, or with `undefined` for a message without data, whose attributes may hold the event. It is
 * called once more when a dead letter is written for an event of a large message.
 * Numbers beyond 2^53 come rounded: publish large ids as strings.
 * It returns at once an event, several, or `null` to drop the event. An error, or any other value,
 * rejects this event alone as `transform_failed`. The result must depend on the arguments alone:
 * Pub/Sub delivers again, and an event that then looks different is imported twice.
 *
 * @public It is for owners who write their module in TypeScript.
 */
export type TransformEvent = (
  input: unknown,
  context: TransformContext,
) => MixpanelEvent | readonly MixpanelEvent[] | null
