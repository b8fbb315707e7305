import type { Traveller } from '../model/journey.ts'
import { type EventOutcome, retry } from '../model/outcome.ts'

/** Tells the party of every traveller the same outcome. */
export function tellAll(batch: readonly Traveller[], outcome: EventOutcome): undefined {
  for (const traveller of batch) traveller.party.arrived(traveller, outcome)
}

/** Tells the party of each traveller its own outcome, in order. */
export function tellEach(
  batch: readonly Traveller[],
  outcomes: readonly EventOutcome[],
): undefined {
  for (const [index, traveller] of batch.entries()) {
    // A verdict has an outcome for each event; were one missing, retrying it loses nothing.
    traveller.party.arrived(traveller, outcomes[index] ?? retry('unknown_answer'))
  }
}

/** Until when a push waits for one of the travellers of a batch. */
export function latestDeliverBy(batch: readonly Traveller[]): number {
  let latest = Number.NEGATIVE_INFINITY
  for (const { party } of batch) latest = Math.max(latest, party.deliverBy)
  return latest
}

/** A batch is worth another attempt as long as one of its travellers is. */
export function latestGoesOnUntil(batch: readonly Traveller[]): number {
  let latest = Number.NEGATIVE_INFINITY
  for (const { party } of batch) latest = Math.max(latest, party.goesOnUntil)
  return latest
}
