import {
  addPortion,
  createOutcomes,
  noteArrival,
  type PastOutcomes,
  pastOf,
} from '../../src/message/outcomes.ts'
import type { BegunPortion } from '../../src/message/work.ts'
import type { EventOutcome } from '../../src/model/outcome.ts'
import { aPreparedEvent } from './builders.ts'

/** Good events, one on each line. */
export function aPortion(events: number): BegunPortion {
  const event = { line: { number: 1, text: '{}' }, child: 0, step: aPreparedEvent() }
  return { events: Array.from({ length: events }, () => event), lines: events }
}

/** The past of a delivery, portion by portion. Each event stands on a line of its own. */
export function pastWith(
  ...portions: readonly (readonly EventOutcome[])[]
): PastOutcomes | undefined {
  const outcomes = createOutcomes()
  for (const portion of portions) {
    const from = addPortion(outcomes, { lines: portion.length, events: portion.length })
    for (const [index, outcome] of portion.entries()) noteArrival(outcomes, from + index, outcome)
  }
  return pastOf(outcomes)
}
