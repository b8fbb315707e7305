// cloud.google.com/pubsub/docs/push#push_backoff
const SHORTEST_MS = 100
const LONGEST_MS = 60_000

/** The pauses of a whole subscription after nacks. */
export interface PushBackoff {
  /** The pause that a nack would cause now; 0 while all pushes are acked. */
  delayMs(): number
  /** Epoch ms: no new push is sent before. */
  pausedUntil(): number
  acked(): void
  nacked(): void
}

/**
 * The push back-off of cloud.google.com/pubsub/docs/push#push_backoff: 100 ms to 60 s, exponential
 * in the number of nacks. Google does not publish its steps. Our choice: a nack doubles the delay
 * and pauses for it; an ack halves the delay, to nothing below 100 ms, and cuts the pause to it.
 * When all pushes are nacked, the delay reaches Google's example of 60 s. When one push in five is
 * nacked, delivery slows less than in Google's other example, 500 ms.
 */
export function createPushBackoff(now: () => number): PushBackoff {
  let delayMs = 0
  let pausedUntil = 0

  return { delayMs: () => delayMs, pausedUntil: () => pausedUntil, acked, nacked }

  function acked(): void {
    delayMs = delayMs >= 2 * SHORTEST_MS ? delayMs / 2 : 0
    pausedUntil = Math.min(pausedUntil, now() + delayMs)
  }

  function nacked(): void {
    delayMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, 2 * delayMs))
    pausedUntil = now() + delayMs
  }
}
