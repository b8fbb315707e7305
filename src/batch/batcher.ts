import type { Clock } from '../lib/clock.ts'
import type { Traveller } from '../model/journey.ts'
import type { RetryReason } from '../model/outcome.ts'
import { type BatchLimits, createLane, type Lane } from './lane.ts'

export interface BatcherOptions extends BatchLimits {
  /** The longest an event waits for company while others are in flight. 0 sends at once. */
  readonly lingerMs: number
  /** Batches in flight at once; past it the waiting batches grow. */
  readonly maxConcurrency: number
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
}

export interface Batcher {
  /** Takes events of one message; their party is told the outcome of each. Never waits. */
  add(travellers: readonly Traveller[]): void
  /** Sends back to their messages the events that have waited past their time. */
  returnLate(): void
  /** From now on nothing lingers: what waits is sent as soon as there is a permit. */
  drain(): void
}

/**
 * Group commit: an event sets out at once when nothing is in flight, and otherwise with the
 * company that came within the linger, or while all permits were taken. Identity verbs travel
 * apart: one of them makes a Simplified-ID project refuse all that travels with it.
 */
export function createBatcher(options: BatcherOptions, parts: BatcherParts): Batcher {
  const { clock, deliverBatch, lateReason } = parts
  const events = createLane(options, lateReason)
  const identityVerbs = createLane(options, lateReason)
  const lanes: readonly Lane[] = [events, identityVerbs]
  let inFlight = 0
  let draining = false
  let callOffLinger: (() => void) | undefined

  return { add, returnLate, drain }

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
  }

  function returnLate(): void {
    const now = clock.monotonic()
    for (const lane of lanes) lane.returnLate(now)
  }

  function drain(): void {
    draining = true
    pump()
  }

  function pump(): void {
    for (let lane = readyLane(); lane; lane = readyLane()) send(lane.take(clock.monotonic()))
    linger()
  }

  /** Of the lanes that are ready, the one whose oldest event came first, so that neither starves. */
  function readyLane(): Lane | undefined {
    if (inFlight >= options.maxConcurrency) return undefined
    let chosen: Lane | undefined
    for (const lane of lanes) {
      if (ready(lane) && (!chosen || lane.waitingSince() < chosen.waitingSince())) chosen = lane
    }
    return chosen
  }

  function ready(lane: Lane): boolean {
    if (lane.empty()) return false
    if (draining || inFlight === 0 || lane.full()) return true
    return clock.monotonic() - lane.waitingSince() >= options.lingerMs
  }

  /** One timer for the event that has waited longest; none while no permit is free. */
  function linger(): void {
    if (callOffLinger || inFlight >= options.maxConcurrency) return
    const since = Math.min(events.waitingSince(), identityVerbs.waitingSince())
    if (since === Number.POSITIVE_INFINITY) return
    callOffLinger = clock.after(since + options.lingerMs - clock.monotonic(), () => {
      callOffLinger = undefined
      pump()
    })
  }

  function send(batch: readonly Traveller[]): void {
    if (batch.length === 0) return
    inFlight += 1
    deliverBatch(batch)
      .catch((error: unknown) => {
        for (const party of new Set(batch.map((traveller) => traveller.party))) party.failed(error)
      })
      .finally(() => {
        inFlight -= 1
        pump()
      })
  }
}

function isIdentityVerb(traveller: Traveller): boolean {
  return traveller.event.identityVerb
}
