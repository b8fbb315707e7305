import type { Traveller } from '../model/journey.ts'
import { type EventOutcome, retry } from '../model/outcome.ts'

/** Reports the same outcome for every event of a batch. */
export function tellAll(batch: readonly Traveller[], outcome: EventOutcome): undefined {
  for (const traveller of batch) traveller.party.arrived(traveller, outcome)
}

/** Reports the outcome of each event, in order. */
export function tellEach(
  batch: readonly Traveller[],
  outcomes: readonly EventOutcome[],
): undefined {
  for (const [index, traveller] of batch.entries()) {
    // A verdict has an outcome for each event. Were one missing, a retry would lose nothing.
    traveller.party.arrived(traveller, outcomes[index] ?? retry('unknown_answer'))
  }
}

/** Returns the instant until which a push waits for one of the events of a batch. */
export function latestDeliverBy(batch: readonly Traveller[]): number {
  let latest = Number.NEGATIVE_INFINITY
  for (const { party } of batch) latest = Math.max(latest, party.deliverBy)
  return latest
}

/** Returns the instant until which one of the events of a batch may be sent again. */
export function latestGoesOnUntil(batch: readonly Traveller[]): number {
  let latest = Number.NEGATIVE_INFINITY
  for (const { party } of batch) latest = Math.max(latest, party.goesOnUntil())
  return latest
}
