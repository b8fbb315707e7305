import { type BackoffOptions, backoffMs } from '../lib/backoff.ts'
import type { Clock } from '../lib/clock.ts'
import { retryAfterMs } from '../lib/retry-after.ts'
import type { RetryReason } from '../model/outcome.ts'
import { createDoor, LEAST_PAUSE_MS } from './door.ts'
import { createRate } from './rate.ts'

export interface GateOptions extends BackoffOptions {
  /** Upper bound of what all senders together send; the right rate is found below it. */
  readonly maxEventsPerSecond: number
}

export interface GateParts {
  readonly clock: Clock
  /** In [0, 1): the jitter. */
  readonly random: () => number
}

/** Whether an attempt got through; if not, why its events go back. */
export type Passage = Readonly<
  /** `at`: the monotonic instant at which it was let through. */
  | { kind: 'open'; at: number }
  /**
   * `throttled`: Mixpanel's pause, our rate or its own back-off would make it too late; it goes back
   * while there is time. `deadline`: its time was up before it asked.
   */
  | {
      kind: 'give_back'
      reason: Extract<RetryReason, 'deadline' | 'throttled' | 'draining' | 'misconfigured'>
    }
>
export type OpenPassage = Extract<Passage, { kind: 'open' }>

/** An attempt that is to be made again. */
export interface FailedAttempt {
  /** Counted from 1. */
  readonly attempt: number
  /** The header of its answer. */
  readonly retryAfter: string | undefined
}

/** How an attempt that had passed ended. */
export type AttemptEnd = Readonly<
  /** Mixpanel answered for it, and imported something. */
  | { kind: 'taken'; events: number }
  /** 429. */
  | { kind: 'throttled'; retryAfter: string | undefined }
  /** No answer, or one that says nothing about our rate or our credentials. */
  | { kind: 'failed'; retryAfter: string | undefined }
  /** Mixpanel has looked into the events, and imported none: the credentials are good. */
  | { kind: 'refused' }
  /** Credentials, project or region were refused. */
  | { kind: 'misconfigured' }
>

/**
 * Decides when a batch may be sent. One for all senders, because they share one quota. After a
 * 429, or a `Retry-After`, nobody passes for a while; then one does, as a probe, and the others
 * when Mixpanel has taken it. While credentials are refused one passes every 10 s.
 */
export interface Gate {
  /**
   * Waits for the turn of a batch of `events`. Never opens from the monotonic instant `until()`
   * on, which may move while it waits. What cannot be sent before is given back at once, but held
   * to the last while credentials are refused: nacks are dear.
   */
  pass(events: number, until: () => number): Promise<Passage>
  /** Waits out the back-off, or the `Retry-After`, and then for its turn as any other batch. */
  passAgain(events: number, failed: FailedAttempt, until: () => number): Promise<Passage>
  /** Must be told of each open passage once, or the others wait for a probe that is long over. */
  ended(passage: OpenPassage, end: AttemptEnd): void
  /** Mixpanel refuses everything and names no fault: nobody passes for a while, then one. */
  suspect(): void
  /** Whether Mixpanel is left alone for a while: it has asked us to, or refuses everything. */
  closed(): boolean
  /** Whether credentials were refused, and nothing was taken since. */
  barred(): boolean
  /** The rate found so far. */
  eventsPerSecond(): number
  /** Ends every wait at once; from now on nobody waits. */
  drain(): void
  draining(): boolean
}

interface Waiter {
  readonly events: number
  readonly until: () => number
  /** When its own back-off is over. */
  readonly notBefore: number
  readonly decided: (passage: Passage) => void
}

/** The most that a `Retry-After` is believed. */
const MAX_RETRY_AFTER_MS = 60_000

/** The gate: the door for all, the rate, and those who wait, in the order they came. */
export function createGate(options: GateOptions, parts: GateParts): Gate {
  const { clock, random } = parts
  const rate = createRate(options, clock.monotonic())
  const door = createDoor(pauseMs)
  const waiting = new Set<Waiter>()
  let callOffTimer: (() => void) | undefined
  let draining = false

  return {
    pass: (events, until) => decision(events, until, 0),
    passAgain: (events, failed, until) => decision(events, until, waitMs(failed)),
    ended,
    suspect,
    closed: () => door.closed(clock.monotonic()),
    barred: door.barred,
    eventsPerSecond: () => rate.eventsPerSecond(clock.monotonic()),
    drain,
    draining: () => draining,
  }

  function decision(events: number, until: () => number, ms: number): Promise<Passage> {
    const now = clock.monotonic()
    if (now >= until()) return Promise.resolve({ kind: 'give_back', reason: 'deadline' })
    return new Promise((decided) => {
      waiting.add({ events, until, notBefore: now + ms, decided })
      review()
    })
  }

  function waitMs({ attempt, retryAfter }: FailedAttempt): number {
    return askedMs(retryAfter) ?? backoffMs(attempt, options, random())
  }

  /** Full jitter above the shortest pause: instances that were refused together come back apart. */
  function pauseMs(refusals: number): number {
    const ceiling = backoffMs(refusals, options, 1)
    return LEAST_PAUSE_MS + random() * Math.max(0, ceiling - LEAST_PAUSE_MS)
  }

  function askedMs(retryAfter: string | undefined): number | undefined {
    const ms = retryAfterMs(retryAfter, clock.now())
    // A wait of nothing asks for nothing: then, too, the back-off keeps us from hammering.
    return ms ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined
  }

  function ended({ at: passedAt }: OpenPassage, end: AttemptEnd): void {
    const now = clock.monotonic()
    if (end.kind === 'taken') rate.taken(end.events, passedAt, now)
    if (end.kind === 'throttled') rate.refused(passedAt, now)
    const asked = 'retryAfter' in end ? askedMs(end.retryAfter) : undefined
    door.ended({ kind: end.kind, passedAt, now, askedMs: asked })
    rate.rest(door.pausedUntil())
    review()
  }

  function suspect(): void {
    door.suspect(clock.monotonic())
    rate.rest(door.pausedUntil())
    review()
  }

  function drain(): void {
    draining = true
    review()
  }

  /** Lets go whoever need not wait any longer, and winds the timer for the next. */
  function review(): void {
    const now = clock.monotonic()
    let nextAt = Number.POSITIVE_INFINITY
    for (const waiter of waiting) {
      const opensAt = Math.max(waiter.notBefore, door.opensAt(), rate.turnAt(now))
      const until = waiter.until()
      const passage = passageOf({ now, opensAt, until })
      if (passage) letGo(waiter, passage)
      else nextAt = Math.min(nextAt, Math.max(now, opensAt), until)
    }
    wind(nextAt - now)
  }

  /** `undefined`: to be held. */
  function passageOf(turn: { now: number; opensAt: number; until: number }): Passage | undefined {
    const { now, opensAt, until } = turn
    if (opensAt <= now && now < until) return { kind: 'open', at: now }
    if (draining) return { kind: 'give_back', reason: 'draining' }
    const late = now >= until
    if (door.barred()) return late ? { kind: 'give_back', reason: 'misconfigured' } : undefined
    // How long a probe takes nobody knows.
    const tooLate = opensAt >= until && opensAt !== Number.POSITIVE_INFINITY
    return late || tooLate ? { kind: 'give_back', reason: 'throttled' } : undefined
  }

  function letGo(waiter: Waiter, passage: Passage): void {
    waiting.delete(waiter)
    if (passage.kind === 'open') {
      door.passed()
      rate.sent(waiter.events, passage.at)
    }
    waiter.decided(passage)
  }

  function wind(ms: number): void {
    callOffTimer?.()
    callOffTimer = ms === Number.POSITIVE_INFINITY ? undefined : clock.after(ms, review)
  }
}
