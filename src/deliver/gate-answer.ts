import type { RetryReason } from '../model/outcome.ts'

/** The answer of the gate: a permit for one attempt, or the reason for which there is none. */
export type GateAnswer = Readonly<
  /** The attempt may be sent; `at` is the monotonic instant of the answer. */
  | { kind: 'permit'; at: number }
  /**
   * The events go back. `throttled`: Mixpanel's pause, our rate or the back-off would make the
   * attempt too late, so the events go back while there is time. `deadline`: the time was up before
   * the attempt asked, or while as many attempts were under way as may be.
   */
  | {
      kind: 'give_back'
      reason: Extract<RetryReason, 'deadline' | 'throttled' | 'draining' | 'misconfigured'>
    }
  /** No push waits for the batch, and another batch needs its slot. */
  | { kind: 'yield' }
>
export type Permit = Extract<GateAnswer, { kind: 'permit' }>

/** A batch that waits at the gate. */
export interface Waiter {
  readonly events: number
  readonly until: () => number
  readonly goesOnUntil: () => number
  /** The instant at which the back-off of the batch is over. */
  readonly notBefore: number
  readonly decided: (answer: GateAnswer) => void
}

/** The facts that decide about a batch that waits. All instants are monotonic ms. */
export interface Turn {
  readonly waiter: Waiter
  readonly now: number
  /** The instant until which a push waits for it. */
  readonly deliverBy: number
  /** The instant from which neither Mixpanel's pause nor the back-off delays it. */
  readonly startsAt: number
  /** The instant from which it is within the rate. */
  readonly turnAt: number
  /** Whether an attempt must end first. */
  readonly isFull: boolean
  /** Whether Mixpanel refuses the credentials. */
  readonly isUnauthorized: boolean
  /** Whether no batch may wait any longer, but for a place among the attempts under way. */
  readonly draining: boolean
}

/** Returns the answer to a batch that waits; `undefined` while it must wait on. */
export function answerTo(turn: Turn): GateAnswer | undefined {
  return turn.now < turn.deliverBy ? answerAttended(turn) : answerUnattended(turn)
}

/** Returns the answer to a batch that a push waits for; `undefined` while it must wait. */
function answerAttended(turn: Turn): GateAnswer | undefined {
  const { waiter, now, deliverBy, startsAt, turnAt, isFull, isUnauthorized, draining } = turn
  const isDue = Math.max(startsAt, turnAt) <= now
  if (isDue && !isFull) return { kind: 'permit', at: now }
  // A batch that waits for a place alone may still have it before the drain ends.
  if (draining && !isDue) return { kind: 'give_back', reason: 'draining' }
  if (isUnauthorized) return undefined
  // The circuit opens at infinity while a probe is under way. The batch waits for its end.
  const tooLate = startsAt >= deliverBy && startsAt !== Number.POSITIVE_INFINITY
  return tooLate || turnAt >= lastAt(waiter)
    ? { kind: 'give_back', reason: 'throttled' }
    : undefined
}

/** Returns the answer to a batch that no push waits for; `undefined` while it must wait. */
function answerUnattended(turn: Turn): GateAnswer | undefined {
  const { waiter, now, startsAt, turnAt, isFull, isUnauthorized, draining } = turn
  if (draining) return { kind: 'give_back', reason: 'draining' }
  if (isUnauthorized) return { kind: 'give_back', reason: 'misconfigured' }
  if (startsAt > now) return { kind: 'give_back', reason: 'throttled' }
  if (now >= lastAt(waiter)) {
    return { kind: 'give_back', reason: isFull ? 'deadline' : 'throttled' }
  }
  return turnAt <= now && !isFull ? { kind: 'permit', at: now } : undefined
}

/** Returns the next instant at which a waiting batch may pass, or its time is up. */
export function nextLookAt({ waiter, now, deliverBy, startsAt, turnAt, isFull }: Turn): number {
  const endsAt = now < deliverBy ? deliverBy : lastAt(waiter)
  return isFull ? endsAt : Math.min(endsAt, Math.max(now, startsAt, turnAt))
}

/** Returns the instant at which a batch goes back at the latest. */
function lastAt({ until, goesOnUntil }: Waiter): number {
  return Math.max(until(), goesOnUntil())
}
