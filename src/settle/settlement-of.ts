import type { EventOutcome, RetryReason } from '../model/outcome.ts'
import type { AckReason, Settlement } from '../model/settlement.ts'

/**
 * The place where rejected events go: to our store, or with their message to Pub/Sub's own policy.
 */
export type RejectedGo = 'to_store' | 'to_subscription'

/**
 * Makes one answer to Pub/Sub of the outcomes of a message. One event to retry brings the whole
 * message back. In mode `to_store` a rejected event counts as stored: one that could not be stored
 * must have become a `retry` before.
 */
export function settlementOf(outcomes: readonly EventOutcome[], mode: RejectedGo): Settlement {
  let settlement = ack('empty')
  for (const outcome of outcomes) settlement = heavier(settlement, demandOf(outcome, mode))
  return settlement
}

/** Makes the settlement of a message that comes again, whatever the outcomes of its events. */
export function nack(reason: RetryReason): Settlement {
  return { kind: 'nack', reason, status: 503 }
}

function ack(reason: AckReason): Settlement {
  return { kind: 'ack', reason, status: 204 }
}

function demandOf(outcome: EventOutcome, mode: RejectedGo): Settlement {
  switch (outcome.kind) {
    case 'imported':
      return ack('imported')
    case 'dropped':
      return ack('dropped')
    case 'rejected':
      if (mode === 'to_store') return ack('dead_lettered')
      return { kind: 'nack', reason: outcome.reason, status: 422 }
    case 'retry':
      return nack(outcome.reason)
  }
}

/**
 * Returns the heavier settlement. The first of the heaviest wins, so that the reason does not
 * depend on later events.
 */
function heavier(one: Settlement, other: Settlement): Settlement {
  return weightOf(other) > weightOf(one) ? other : one
}

function weightOf(settlement: Settlement): number {
  if (settlement.status === 503) return 5
  if (settlement.status === 422) return 4
  return ACK_WEIGHT[settlement.reason]
}

const ACK_WEIGHT: Readonly<Record<AckReason, number>> = {
  dead_lettered: 3,
  imported: 2,
  dropped: 1,
  empty: 0,
}
