// cloud.google.com/pubsub/docs/push#push_backoff
const SHORTEST_MS = 100
const LONGEST_MS = 60_000

/** The pauses of a whole subscription after nacks. */
export interface PushBackoff {
  /** How long a nack would stop delivery if it had come just now; 0 while all goes well. */
  delayMs(): number
  /** Epoch ms: nothing new is sent before. */
  pausedUntil(): number
  acked(): void
  nacked(): void
}

/**
 * The push back-off of cloud.google.com/pubsub/docs/push#push_backoff: 100 ms to 60 s, exponential
 * in the number of nacks. Its steps are unpublished; our choice: a nack doubles the delay and
 * pauses for it; an ack halves the delay, to nothing below 100 ms, and cuts the pause down to it.
 * Where all are nacked that comes to Google's example of 60 s; one nack in five slows delivery less
 * than in Google's other, 500 ms.
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
