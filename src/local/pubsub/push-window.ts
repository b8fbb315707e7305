const INITIAL_WINDOW = 4
/** Above it the window grows by one (cloud.google.com/pubsub/docs/push#delivery_rate). */
const SLOW_START_ENDS_AT = 3_000

/** How many pushes of a subscription may be under way at once. */
export interface PushWindow {
  size(): number
  acked(): void
  nacked(): void
}

/**
 * The slow start of cloud.google.com/pubsub/docs/push#delivery_rate. Its steps are unpublished; our
 * choice: a whole window of acks doubles it, above 3,000 adds one; a nack halves it, down to one.
 */
export function createPushWindow(initial: number = INITIAL_WINDOW): PushWindow {
  let size = initial
  let acks = 0

  return { size: () => size, acked, nacked }

  function acked(): void {
    acks += 1
    if (acks < size) return
    acks = 0
    size = size < SLOW_START_ENDS_AT ? Math.min(2 * size, SLOW_START_ENDS_AT) : size + 1
  }

  function nacked(): void {
    acks = 0
    size = Math.max(1, Math.floor(size / 2))
  }
}
