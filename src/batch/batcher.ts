import type { Clock } from '../lib/clock.ts'
import type { Traveller } from '../model/journey.ts'
import type { RetryReason } from '../model/outcome.ts'
import { type BatchLimits, createLane, type Lane, type Waiting } from './lane.ts'

export interface BatcherOptions extends BatchLimits {
  /** The longest an event waits for company while others are in flight. 0 sends at once. */
  readonly lingerMs: number
  /** Batches in flight at once; past it the waiting batches grow. */
  readonly maxConcurrency: number
}

/** The lane whose turn it is. */
interface NextUp extends Waiting {
  readonly lane: Lane
  /** Whether its events need not linger any longer. */
  readonly ready: boolean
}

/**
 * Carries one batch to Mixpanel and tells each traveller's party its outcome. Resolves when all
 * have been told; rejects only on a bug.
 */
export type DeliverBatch = (batch: readonly Traveller[]) => Promise<void>

export interface BatcherParts {
  readonly clock: Clock
  readonly deliverBatch: DeliverBatch
  /** Why events go back that have waited past their time, as far as Mixpanel's side goes. */
  readonly lateReason: () => RetryReason
  /** Told when all permits are taken, and a push waits for one. */
  readonly permitWanted: () => void
}

export interface Batcher {
  /** Takes events of one message; their party is told the outcome of each. Never waits. */
  add(travellers: readonly Traveller[]): void
  /** Takes a batch again that gave its permit to another. */
  takeBack(batch: readonly Traveller[]): void
  /**
   * Sends back to their messages the events that have waited past their time, and looks again at
   * the others: the times until which they wait have moved.
   */
  review(): void
  /** From now on nothing lingers: what waits is sent as soon as there is a permit. */
  drain(): void
}

/** Of the permits: what events take that no push waits for. */
const UNATTENDED_SHARE = 1 / 4

/**
 * Group commit: an event sets out at once when nothing is in flight, and otherwise with the
 * company that came within the linger, or while all permits were taken. Events that no push waits
 * for set out only while no others wait, and take a quarter of the permits. Identity verbs travel
 * apart: one of them makes a Simplified-ID project refuse all that travels with it.
 */
export function createBatcher(options: BatcherOptions, parts: BatcherParts): Batcher {
  const { clock, deliverBatch, lateReason } = parts
  const mostUnattended = Math.max(1, Math.floor(options.maxConcurrency * UNATTENDED_SHARE))
  const events = createLane(options, lateReason)
  const identityVerbs = createLane(options, lateReason)
  const lanes: readonly Lane[] = [events, identityVerbs]
  let inFlight = 0
  let unattended = 0
  let draining = false
  let callOffLinger: (() => void) | undefined

  return { add, takeBack, review, drain }

  function add(travellers: readonly Traveller[]): void {
    const now = clock.monotonic()
    if (travellers.some(isIdentityVerb)) {
      events.push(
        travellers.filter((traveller) => !isIdentityVerb(traveller)),
        now,
      )
      identityVerbs.push(travellers.filter(isIdentityVerb), now)
    } else {
      events.push(travellers, now)
    }
    pump()
    askForPermit()
  }

  function takeBack(batch: readonly Traveller[]): void {
    for (const travellers of Map.groupBy(batch, ({ party }) => party).values()) add(travellers)
  }

  function review(): void {
    const now = clock.monotonic()
    for (const lane of lanes) lane.returnLate(now)
    pump()
    askForPermit()
  }

  function askForPermit(): void {
    if (inFlight < options.maxConcurrency) return
    const now = clock.monotonic()
    if (lanes.some((lane) => lane.waiting(now)?.attended)) parts.permitWanted()
  }

  function drain(): void {
    draining = true
    pump()
  }

  function pump(): void {
    for (let next = nextUp(); next?.ready; next = nextUp()) {
      send(next.lane.take(clock.monotonic()), next.attended)
    }
    linger()
  }

  /** Of the lanes that may send, the one whose oldest event came first, so that neither starves. */
  function nextUp(): NextUp | undefined {
    if (inFlight >= options.maxConcurrency) return undefined
    const now = clock.monotonic()
    let chosen: NextUp | undefined
    for (const lane of lanes) {
      const waiting = lane.waiting(now)
      if (!waiting || (!waiting.attended && unattended >= mostUnattended)) continue
      const next = { ...waiting, lane, ready: isReady(waiting, now) }
      if (!chosen || goesBefore(next, chosen)) chosen = next
    }
    return chosen
  }

  function isReady({ full, since }: Waiting, now: number): boolean {
    return draining || inFlight === 0 || full || now - since >= options.lingerMs
  }

  /** One timer for the event that has waited longest; none while no permit is free. */
  function linger(): void {
    if (callOffLinger) return
    const next = nextUp()
    if (!next) return
    callOffLinger = clock.after(next.since + options.lingerMs - clock.monotonic(), () => {
      callOffLinger = undefined
      pump()
    })
  }

  function send(batch: readonly Traveller[], attended: boolean): void {
    if (batch.length === 0) return
    inFlight += 1
    if (!attended) unattended += 1
    deliverBatch(batch)
      .catch((error: unknown) => {
        for (const party of new Set(batch.map((traveller) => traveller.party))) party.failed(error)
      })
      .finally(() => {
        inFlight -= 1
        if (!attended) unattended -= 1
        pump()
      })
  }
}

function goesBefore(one: NextUp, other: NextUp): boolean {
  if (one.attended !== other.attended) return one.attended
  if (one.ready !== other.ready) return one.ready
  return one.since < other.since
}

function isIdentityVerb(traveller: Traveller): boolean {
  return traveller.event.identityVerb
}
