const INITIAL_WINDOW = 4
/** Above it the window grows by one (cloud.google.com/pubsub/docs/push#delivery_rate). */
const SLOW_START_ENDS_AT = 3_000

/** The number of pushes of a subscription that may be under way at once. */
export interface PushWindow {
  size(): number
  acked(): void
  nacked(): void
}

/**
 * The slow start of cloud.google.com/pubsub/docs/push#delivery_rate. Google does not publish its
 * steps. Our choice, as in TCP: each ack adds one, so that a whole window of acks doubles the
 * window. Above 3,000 only a whole window of acks adds one. A nack halves the window, down to one.
 */
export function createPushWindow(initial: number = INITIAL_WINDOW): PushWindow {
  let size = initial
  /** Since the size last changed. */
  let acks = 0

  return { size: () => size, acked, nacked }

  function acked(): void {
    acks += 1
    if (size >= SLOW_START_ENDS_AT && acks < size) return
    size += 1
    acks = 0
  }

  function nacked(): void {
    size = Math.max(1, Math.floor(size / 2))
    acks = 0
  }
}
