import { type BackoffOptions, backoffMs } from '../lib/backoff.ts'
import type { Clock } from '../lib/clock.ts'
import { retryAfterMs } from '../lib/retry-after.ts'
import type { RetryReason } from '../model/outcome.ts'

export interface GateOptions extends BackoffOptions {
  /** Upper bound of what all senders together send. */
  readonly maxEventsPerSecond: number
}

export interface GateParts {
  readonly clock: Clock
  /** In [0, 1): the jitter. */
  readonly random: () => number
}

/** Whether a batch got through; if not, why its events go back: `throttled`, it would be too late. */
export type Passage = 'open' | Extract<RetryReason, 'deadline' | 'throttled' | 'draining'>

/** An attempt that is to be made again. */
export interface FailedAttempt {
  /** Counted from 1. */
  readonly attempt: number
  /** The header of its answer. */
  readonly retryAfter: string | undefined
}

/** Decides when a batch may be sent. One for all senders, because they share one quota. */
export interface Gate {
  /**
   * Waits for the turn of a batch of `events`; never past the monotonic instant `until()`, and
   * never opens from then on.
   */
  pass(events: number, until: () => number): Promise<Passage>
  /** Waits out the back-off, or the `Retry-After`, and then for its turn as any other batch. */
  passAgain(events: number, failed: FailedAttempt, until: () => number): Promise<Passage>
  /** Mixpanel asked all of us to slow down: nobody passes for a while. */
  closeFor(failed: FailedAttempt): void
  /** Whether Mixpanel has asked us to wait and that time is not over. */
  closed(): boolean
  /** Ends every pause at once; from now on nobody waits. */
  drain(): void
  draining(): boolean
}

/** The most that a `Retry-After` is believed. */
const MAX_RETRY_AFTER_MS = 60_000
/** Unused sending rate is kept for at most this long. */
const BURST_MS = 1_000

/** The gate: documented back-off, `Retry-After` for all, and a token bucket of events. */
export function createGate(options: GateOptions, parts: GateParts): Gate {
  const { clock, random } = parts
  const wakers = new Set<() => void>()
  let closedUntil = Number.NEGATIVE_INFINITY
  /** The instant up to which the rate is used up. */
  let sentUntil = Number.NEGATIVE_INFINITY
  let draining = false

  return { pass, passAgain, closeFor, closed, drain, draining: () => draining }

  async function pass(events: number, until: () => number): Promise<Passage> {
    const now = clock.monotonic()
    if (now >= until()) return 'deadline'
    const turn = Math.max(sentUntil, now - BURST_MS)
    const openAt = Math.max(turn, closedUntil)
    if (openAt > now) {
      const passage = await waitUntil(openAt, until)
      if (passage !== 'open') return passage
      // Others may have passed, or the gate have been closed again, while this one waited.
      return pass(events, until)
    }
    sentUntil = turn + (events / options.maxEventsPerSecond) * 1000
    return 'open'
  }

  async function passAgain(
    events: number,
    failed: FailedAttempt,
    until: () => number,
  ): Promise<Passage> {
    const passage = await waitUntil(clock.monotonic() + waitMs(failed), until)
    return passage === 'open' ? pass(events, until) : passage
  }

  function closeFor(failed: FailedAttempt): void {
    closedUntil = Math.max(closedUntil, clock.monotonic() + waitMs(failed))
  }

  function waitMs({ attempt, retryAfter }: FailedAttempt): number {
    const asked = retryAfterMs(retryAfter, clock.now())
    // A wait of nothing asks for nothing: then, too, the back-off keeps us from hammering.
    if (asked) return Math.min(asked, MAX_RETRY_AFTER_MS)
    return backoffMs(attempt, options, random())
  }

  function closed(): boolean {
    return closedUntil > clock.monotonic()
  }

  function drain(): void {
    draining = true
    for (const wake of wakers) wake()
  }

  function waitUntil(at: number, until: () => number): Promise<Passage> {
    if (draining) return Promise.resolve('draining')
    if (at >= until()) return Promise.resolve('throttled')
    return new Promise((resolve) => {
      const wake = (): void => {
        wakers.delete(wake)
        callOff()
        resolve(draining ? 'draining' : 'open')
      }
      const callOff = clock.after(at - clock.monotonic(), wake)
      wakers.add(wake)
    })
  }
}
