import { type EventOutcome, retry } from '../model/outcome.ts'
import type { PendingEvent } from '../model/pending-event.ts'

/** Reports the same outcome for every event of a batch. */
export function settleEvents(batch: readonly PendingEvent[], outcome: EventOutcome): undefined {
  for (const event of batch) event.sink.report(event, outcome)
}

/** Reports the outcome of each event, in order. */
export function settleEach(
  batch: readonly PendingEvent[],
  outcomes: readonly EventOutcome[],
): undefined {
  for (const [index, event] of batch.entries()) {
    // A verdict has an outcome for each event. Were one missing, a retry would lose nothing.
    event.sink.report(event, outcomes[index] ?? retry('unknown_answer'))
  }
}

/** Returns the instant until which a push waits for one of the events of a batch. */
export function latestDeliverBy(batch: readonly PendingEvent[]): number {
  let latest = Number.NEGATIVE_INFINITY
  for (const { sink } of batch) latest = Math.max(latest, sink.deliverBy)
  return latest
}

/** Returns the instant until which one of the events of a batch may be sent again. */
export function latestGoesOnUntil(batch: readonly PendingEvent[]): number {
  let latest = Number.NEGATIVE_INFINITY
  for (const { sink } of batch) latest = Math.max(latest, sink.goesOnUntil())
  return latest
}
