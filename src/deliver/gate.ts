import type { Clock } from '../lib/clock.ts'
import { type BackoffOptions, backoffMs } from './backoff.ts'
import {
  afterEnd,
  afterStart,
  afterSuspicion,
  type Circuit,
  isPaused,
  LEAST_PAUSE_MS,
  OPEN,
  opensAt,
  unauthorized,
} from './circuit.ts'
import {
  answerTo,
  type GateAnswer,
  nextLookAt,
  type Permit,
  type Turn,
  type Waiter,
} from './gate-answer.ts'
import { createRate } from './rate.ts'
import { retryAfterMs } from './retry-after.ts'

export interface GateOptions extends BackoffOptions {
  /**
   * The upper bound of the sending rate of all batches together. The gate finds the right rate
   * below it.
   */
  readonly maxEventsPerSecond: number
  /** The most attempts under way. The halves of a refused batch come beside all other batches. */
  readonly maxConcurrency: number
}

export interface GateDeps {
  readonly clock: Clock
  /** Returns a number in [0, 1) for the jitter. */
  readonly random: () => number
}

/** An attempt that is to be repeated. */
export interface FailedAttempt {
  /** The number of the attempt, from 1. */
  readonly attempt: number
  /** The header of its answer. */
  readonly retryAfter: string | undefined
}

/** The end of an attempt that was sent. */
export type AttemptEnd = Readonly<
  /** Mixpanel answered the attempt, and imported some events. */
  | { kind: 'taken'; events: number }
  /** Mixpanel answered 429. */
  | { kind: 'throttled'; retryAfter: string | undefined }
  /** There was no answer, or one that says nothing about our rate or our credentials. */
  | { kind: 'failed'; retryAfter: string | undefined }
  /** Mixpanel has checked the events and imported none, so the credentials are good. */
  | { kind: 'refused' }
  /** Mixpanel refused the credentials, the project or the region. */
  | { kind: 'misconfigured' }
>

/**
 * Decides when a batch may be sent. There is one gate for all batches, because they share one quota
 * and the bound on attempts under way. After a 429, or a `Retry-After`, no batch passes for a while.
 * Then one passes as a probe, and the others when Mixpanel has imported it. While credentials are
 * refused, one passes every 10 s.
 */
export interface Gate {
  /**
   * Waits for the turn of a batch of `events`. A push waits for the batch until the monotonic
   * instant `until()`, which may move. A batch that Mixpanel's pause would delay beyond that goes
   * back at once. While credentials are refused it stays to the end, because nacks are expensive.
   *
   * After `until()` no push waits for the batch. It comes after all batches that a push waits for,
   * and passes when the rate for it was saved up. It goes back as soon as Mixpanel wants a pause,
   * and at `goesOnUntil()` at the latest.
   */
  pass(events: number, until: () => number, goesOnUntil?: () => number): Promise<GateAnswer>
  /** Waits for the back-off, or the `Retry-After`, and then for its turn like any other batch. */
  passAgain(
    events: number,
    failed: FailedAttempt,
    until: () => number,
    goesOnUntil?: () => number,
  ): Promise<GateAnswer>
  /** Takes the slot of one batch that no push waits for. That batch waits for a slot again. */
  yieldSlot(): void
  /** Looks again at the batches that wait. It is called when deadlines have moved. */
  review(): void
  /**
   * Called once for each permit when its attempt has ended. Without the call, the attempt counts as
   * under way for ever, and the others wait for a probe that is long over.
   */
  ended(permit: Permit, end: AttemptEnd): void
  /**
   * Pauses as after a 429, because Mixpanel refuses everything and names no fault. Then one batch
   * passes.
   */
  suspect(): void
  /**
   * Notes, as after a 401, that several answers refuse our credentials. The first attempt was sent
   * at `since`.
   */
  noteUnauthorized(since: number): void
  /** Whether no batch passes for a while: Mixpanel has asked for that, or refuses everything. */
  isPaused(): boolean
  /** Whether credentials were refused, and nothing was imported since. */
  isUnauthorized(): boolean
  /** Returns the rate found so far. */
  eventsPerSecond(): number
  /**
   * Ends every wait for Mixpanel, the rate or the back-off. From now on, a batch waits only for a place
   * among the attempts under way, and only while a push waits for it.
   */
  drain(): void
  draining(): boolean
}

/** The longest `Retry-After` that is obeyed. */
const MAX_RETRY_AFTER_MS = 60_000
/** The rate, in time, that must be saved up before a batch passes that no push waits for. */
const MOST_SAVED_MS = 900

/**
 * Makes the gate: the circuit, the rate, and the batches that wait, in the order in which they
 * came.
 */
export function createGate(options: GateOptions, deps: GateDeps): Gate {
  const { clock, random } = deps
  const rate = createRate(options, clock.monotonic())
  const waiting = new Set<Waiter>()
  const underWay = new Set<Permit>()
  let circuit: Circuit = OPEN
  let callOffTimer: (() => void) | undefined
  let draining = false

  return {
    pass,
    passAgain: (events, failed, until, goesOnUntil) =>
      wait(events, until, goesOnUntil, waitMs(failed)),
    yieldSlot,
    review,
    ended,
    suspect,
    noteUnauthorized,
    isPaused: () => isPaused(circuit, clock.monotonic()),
    isUnauthorized: () => circuit.kind === 'unauthorized',
    eventsPerSecond: () => rate.eventsPerSecond(clock.monotonic()),
    drain,
    draining: () => draining,
  }

  function pass(
    events: number,
    until: () => number,
    goesOnUntil?: () => number,
  ): Promise<GateAnswer> {
    const now = clock.monotonic()
    const isFree = waiting.size === 0 && circuit.kind === 'open' && rate.turnAt(now) <= now
    const isFull = underWay.size >= options.maxConcurrency
    if (isFree && !isFull && now < until()) return Promise.resolve(grant(events, now))
    return wait(events, until, goesOnUntil)
  }

  function wait(
    events: number,
    until: () => number,
    goesOnUntil = until,
    backOffMs = 0,
  ): Promise<GateAnswer> {
    const now = clock.monotonic()
    if (now >= until() && now >= goesOnUntil()) {
      return Promise.resolve({ kind: 'give_back', reason: 'deadline' })
    }
    return new Promise((decided) => {
      waiting.add({ events, until, goesOnUntil, notBefore: now + backOffMs, decided })
      review()
    })
  }

  function grant(events: number, at: number): Permit {
    if (circuit.kind !== 'open') circuit = afterStart(circuit)
    rate.sent(events, at)
    const permit = { kind: 'permit', at } as const
    underWay.add(permit)
    return permit
  }

  function waitMs({ attempt, retryAfter }: FailedAttempt): number {
    return askedMs(retryAfter) ?? backoffMs(attempt, options, random())
  }

  /**
   * Returns full jitter above the shortest pause, so that instances that were refused together come
   * back apart.
   */
  function pauseMs(refusals: number): number {
    const ceiling = backoffMs(refusals, options, 1)
    return LEAST_PAUSE_MS + random() * Math.max(0, ceiling - LEAST_PAUSE_MS)
  }

  function askedMs(retryAfter: string | undefined): number | undefined {
    const ms = retryAfterMs(retryAfter, clock.now())
    // A `Retry-After` of 0 asks for no wait. The back-off then keeps us from sending too often.
    return ms ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined
  }

  function ended(permit: Permit, end: AttemptEnd): void {
    const now = clock.monotonic()
    const sentAt = permit.at
    underWay.delete(permit)
    if (end.kind === 'taken') rate.taken(end.events, sentAt, now)
    if (end.kind === 'throttled') rate.refused(sentAt, now)
    // An import leaves a circuit open that is open and has met no 429 since the last one.
    const staysOpen = end.kind === 'taken' && circuit.kind === 'open' && circuit.refusals === 0
    if (!staysOpen) changeCircuit(sentAt, end, now)
    if (waiting.size > 0) review()
  }

  function changeCircuit(sentAt: number, end: AttemptEnd, now: number): void {
    const asked = 'retryAfter' in end ? askedMs(end.retryAfter) : undefined
    circuit = afterEnd(circuit, { kind: end.kind, sentAt, now, askedMs: asked }, pauseMs)
    if (circuit.kind !== 'open') rate.rest(circuit.until)
  }

  function suspect(): void {
    circuit = afterSuspicion(circuit, clock.monotonic(), pauseMs)
    if (circuit.kind !== 'open') rate.rest(circuit.until)
    review()
  }

  function noteUnauthorized(since: number): void {
    circuit = unauthorized(circuit, since, clock.monotonic())
    review()
  }

  function drain(): void {
    draining = true
    review()
  }

  /** Lets every batch go that need not wait any longer, and sets the timer for the next. */
  function review(): void {
    const now = clock.monotonic()
    let nextAt = Number.POSITIVE_INFINITY
    for (const waiter of waiting.size > 1 ? inOrder(now) : waiting) {
      const turn = turnOf(waiter, now)
      const answer = answerTo(turn)
      if (answer) letGo(waiter, answer)
      else nextAt = Math.min(nextAt, nextLookAt(turn))
    }
    callOffTimer?.()
    callOffTimer = nextAt < Number.POSITIVE_INFINITY ? clock.after(nextAt - now, review) : undefined
  }

  function yieldSlot(): void {
    const now = clock.monotonic()
    const unattended = [...waiting].findLast(({ until }) => now >= until())
    if (unattended) letGo(unattended, { kind: 'yield' })
  }

  /** Returns the waiting batches, with those that a push waits for first. */
  function inOrder(now: number): readonly Waiter[] {
    const all = [...waiting]
    const rest = all.filter(({ until }) => now >= until())
    return rest.length === 0 ? all : [...all.filter(({ until }) => now < until()), ...rest]
  }

  function turnOf(waiter: Waiter, now: number): Turn {
    const deliverBy = waiter.until()
    const startsAt = Math.max(waiter.notBefore, opensAt(circuit))
    const turnAt = rate.turnAt(now) + (now < deliverBy ? 0 : savedMs(waiter.events, now))
    const isFull = underWay.size >= options.maxConcurrency
    const isUnauthorized = circuit.kind === 'unauthorized'
    return { waiter, now, deliverBy, startsAt, turnAt, isFull, isUnauthorized, draining }
  }

  function savedMs(events: number, now: number): number {
    return Math.min(MOST_SAVED_MS, (events / rate.eventsPerSecond(now)) * 1_000)
  }

  function letGo(waiter: Waiter, answer: GateAnswer): void {
    waiting.delete(waiter)
    waiter.decided(answer.kind === 'permit' ? grant(waiter.events, answer.at) : answer)
  }
}
