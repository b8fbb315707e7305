import type { BegunPortion } from '../../src/message/message-progress.ts'
import { type EarlierOutcomes, OutcomeTable } from '../../src/message/outcome-table.ts'
import type { EventOutcome } from '../../src/model/outcome.ts'
import { aPreparedEvent } from './builders.ts'

/** Good events, one on each line. */
export function aPortion(events: number): BegunPortion {
  const event = { line: { number: 1, text: '{}' }, child: 0, step: aPreparedEvent() }
  return { events: Array.from({ length: events }, () => event), lines: events }
}

/** The bytes of a message that nobody counts. */
export const UNCOUNTED = { add: () => {} }

/** Makes the outcomes of an earlier delivery, portion by portion. Each event stands on a line of its own. */
export function earlierWith(
  ...portions: readonly (readonly EventOutcome[])[]
): EarlierOutcomes | undefined {
  const outcomes = new OutcomeTable(UNCOUNTED)
  for (const portion of portions) {
    const from = outcomes.addPortion({ lines: portion.length, events: portion.length })
    for (const [index, outcome] of portion.entries()) outcomes.record(from + index, outcome)
  }
  return outcomes.snapshot()
}

/** Returns the outcome of each event, as it is now. It throws when an event has none. */
export function outcomesOf(outcomes: OutcomeTable): readonly EventOutcome[] {
  return Array.from({ length: outcomes.events }, (_, place) => {
    const outcome = outcomes.outcomeAt(place)
    if (!outcome) throw new Error(`the event at place ${place} has no outcome`)
    return outcome.kind === 'rejected' ? (outcomes.returned ?? outcome) : outcome
  })
}
