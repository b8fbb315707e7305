import type { EventOutcome, RetryReason } from '../model/outcome.ts'
import type { Settlement } from '../model/settlement.ts'

/**
 * The route of rejected events: to our store, or with their message to Pub/Sub's own policy.
 */
export type RejectedRoute = 'to_store' | 'to_subscription'

/** The weight of each kind of outcome in the answer for its message. */
const WEIGHT: Readonly<Record<EventOutcome['kind'], number>> = {
  dropped: 1,
  imported: 2,
  rejected: 3,
  retry: 4,
}
const EMPTY: Settlement = { kind: 'ack', reason: 'empty', status: 204 }
const DROPPED: Settlement = { kind: 'ack', reason: 'dropped', status: 204 }
const IMPORTED: Settlement = { kind: 'ack', reason: 'imported', status: 204 }
const DEAD_LETTERED: Settlement = { kind: 'ack', reason: 'dead_lettered', status: 204 }

/**
 * Makes one answer to Pub/Sub of the outcomes of a message. One event to retry brings the whole
 * message back. In mode `to_store` a rejected event counts as stored: one that could not be stored
 * must have become a `retry` before.
 */
export function settlementOf(outcomes: readonly EventOutcome[], mode: RejectedRoute): Settlement {
  let [heaviest] = outcomes
  if (heaviest === undefined) return EMPTY
  for (const outcome of outcomes) {
    // The first of the heaviest wins, so that the reason does not depend on later events.
    if (WEIGHT[outcome.kind] > WEIGHT[heaviest.kind]) heaviest = outcome
  }
  switch (heaviest.kind) {
    case 'imported':
      return IMPORTED
    case 'dropped':
      return DROPPED
    case 'rejected':
      if (mode === 'to_store') return DEAD_LETTERED
      return { kind: 'nack', reason: heaviest.reason, status: 422 }
    case 'retry':
      return nack(heaviest.reason)
  }
}

/** Makes the settlement of a message that comes again, whatever the outcomes of its events. */
export function nack(reason: RetryReason): Settlement {
  return { kind: 'nack', reason, status: 503 }
}
