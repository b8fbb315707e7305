import type { Clock } from '../lib/clock.ts'
import type { RetryReason } from '../model/outcome.ts'
import { type BackoffOptions, backoffMs } from './backoff.ts'
import { createDoor, LEAST_PAUSE_MS } from './door.ts'
import { createRate } from './rate.ts'
import { retryAfterMs } from './retry-after.ts'

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
  /** No push waits for it, and one wants its permit. */
  | { kind: 'yield' }
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
   * Waits for the turn of a batch of `events`. A push waits for the batch until the monotonic
   * instant `until()`, which may move. What Mixpanel's pause keeps from being sent before is given
   * back at once, but held to the last while credentials are refused: nacks are expensive.
   *
   * From `until()` to `goesOnUntil()` a batch passes only while Mixpanel wants no pause, after all
   * batches that a push waits for, and with rate that was saved up. From then on nothing opens.
   */
  pass(events: number, until: () => number, goesOnUntil?: () => number): Promise<Passage>
  /** Waits out the back-off, or the `Retry-After`, and then for its turn as any other batch. */
  passAgain(
    events: number,
    failed: FailedAttempt,
    until: () => number,
    goesOnUntil?: () => number,
  ): Promise<Passage>
  /** Makes one batch that no push waits for go back to the others that have no permit. */
  yieldPermit(): void
  /** Looks again at the batches that wait: the instants until which they wait have moved. */
  review(): void
  /** Must be told of each open passage once, or the others wait for a probe that is long over. */
  ended(passage: OpenPassage, end: AttemptEnd): void
  /** Mixpanel refuses everything and names no fault: nobody passes for a while, then one. */
  suspect(): void
  /** Several answers, of which the first set out at `since`, refuse our credentials: as one 401. */
  bar(since: number): void
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
  readonly goesOnUntil: () => number
  /** When its own back-off is over. */
  readonly notBefore: number
  readonly decided: (passage: Passage) => void
}

interface AskedPassage extends Pick<Waiter, 'events' | 'until'> {
  readonly goesOnUntil: (() => number) | undefined
}

/** What decides about one batch, all but the first and the last in monotonic ms. */
interface Turn {
  /** Whether no push waits for it any more. */
  readonly isAlone: boolean
  readonly now: number
  /** From then on neither Mixpanel's pause nor its own back-off keeps it. */
  readonly opensAt: number
  /** From then on it is within the rate. */
  readonly turnAt: number
  /** When the state it is in ends. */
  readonly endsAt: number
  /** When it is given back at the latest. */
  readonly lastAt: number
}

/** The most that a `Retry-After` is believed. */
const MAX_RETRY_AFTER_MS = 60_000
/** The rate, in time, that is saved up before a batch passes that no push waits for. */
const MOST_SAVED_MS = 900

/** The gate: the door for all, the rate, and those who wait, in the order they came. */
export function createGate(options: GateOptions, parts: GateParts): Gate {
  const { clock, random } = parts
  const rate = createRate(options, clock.monotonic())
  const door = createDoor(pauseMs)
  const waiting = new Set<Waiter>()
  let callOffTimer: (() => void) | undefined
  let draining = false

  return {
    pass: (events, until, goesOnUntil) => decision({ events, until, goesOnUntil }, 0),
    passAgain: (events, failed, until, goesOnUntil) =>
      decision({ events, until, goesOnUntil }, waitMs(failed)),
    yieldPermit,
    review,
    ended,
    suspect,
    bar,
    closed: () => door.closed(clock.monotonic()),
    barred: door.barred,
    eventsPerSecond: () => rate.eventsPerSecond(clock.monotonic()),
    drain,
    draining: () => draining,
  }

  function decision(asked: AskedPassage, ms: number): Promise<Passage> {
    const { events, until, goesOnUntil = until } = asked
    const now = clock.monotonic()
    if (now >= Math.max(until(), goesOnUntil())) {
      return Promise.resolve({ kind: 'give_back', reason: 'deadline' })
    }
    return new Promise((decided) => {
      waiting.add({ events, until, goesOnUntil, notBefore: now + ms, decided })
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

  function bar(since: number): void {
    door.bar(since, clock.monotonic())
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
    for (const waiter of inOrder(now)) {
      const turn = turnOf(waiter, now)
      const passage = turn.isAlone ? passageAlone(turn) : passageOf(turn)
      if (passage) letGo(waiter, passage)
      else nextAt = Math.min(nextAt, Math.max(now, turn.opensAt, turn.turnAt), turn.endsAt)
    }
    wind(nextAt - now)
  }

  function yieldPermit(): void {
    const now = clock.monotonic()
    const alone = [...waiting].findLast(({ until }) => now >= until())
    if (alone) letGo(alone, { kind: 'yield' })
  }

  /** Batches that a push waits for first. */
  function inOrder(now: number): readonly Waiter[] {
    const all = [...waiting]
    const alone = all.filter(({ until }) => now >= until())
    return alone.length === 0 ? all : [...all.filter(({ until }) => now < until()), ...alone]
  }

  function turnOf({ events, until, goesOnUntil, notBefore }: Waiter, now: number): Turn {
    const deliverBy = until()
    const isAlone = now >= deliverBy
    const lastAt = Math.max(deliverBy, goesOnUntil())
    const opensAt = Math.max(notBefore, door.opensAt())
    const turnAt = rate.turnAt(now) + (isAlone ? savedMs(events, now) : 0)
    return { now, opensAt, turnAt, lastAt, endsAt: isAlone ? lastAt : deliverBy, isAlone }
  }

  function savedMs(events: number, now: number): number {
    return Math.min(MOST_SAVED_MS, (events / rate.eventsPerSecond(now)) * 1_000)
  }

  /** Of a batch that a push waits for. `undefined`: to be held. */
  function passageOf({ now, opensAt, turnAt, lastAt, endsAt }: Turn): Passage | undefined {
    if (Math.max(opensAt, turnAt) <= now) return { kind: 'open', at: now }
    if (draining) return { kind: 'give_back', reason: 'draining' }
    if (door.barred()) return undefined
    // The length of a probe is not known.
    const tooLate = opensAt >= endsAt && opensAt !== Number.POSITIVE_INFINITY
    return tooLate || turnAt >= lastAt ? { kind: 'give_back', reason: 'throttled' } : undefined
  }

  /** Of a batch that no push waits for. `undefined`: to be held. */
  function passageAlone({ now, opensAt, turnAt, lastAt }: Turn): Passage | undefined {
    if (draining) return { kind: 'give_back', reason: 'draining' }
    if (door.barred()) return { kind: 'give_back', reason: 'misconfigured' }
    if (now >= lastAt || opensAt > now) return { kind: 'give_back', reason: 'throttled' }
    return turnAt <= now ? { kind: 'open', at: now } : undefined
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
