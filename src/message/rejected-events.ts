import { createOrdinals } from '../lib/ordinals.ts'
import type { Line } from '../model/event.ts'
import { rejected } from '../model/outcome.ts'
import type { RejectedEvent } from '../model/pending-event.ts'
import type { OutcomeTable } from './outcome-table.ts'
import type { Portion } from './portions.ts'

/**
 * Returns the rejected events of a portion. It is called for all portions of a message, in order.
 */
export type RejectedEventsOf = (
  portion: Pick<Portion, 'events' | 'isLast'>,
) => readonly RejectedEvent[]

/** The outcome of an event that was rejected once, and was not rejected when it was made again. */
const NONDETERMINISTIC = rejected(
  'transform_failed',
  'the transform is no function of its input: it made another event when it was called again',
)

/**
 * Makes a `RejectedEventsOf`. It throws when the portions hold fewer events than there are outcomes: no
 * rejected event may be lost.
 */
export function createRejectedEventsOf(outcomes: OutcomeTable): RejectedEventsOf {
  const ordinalOf = createLineOrdinals()
  let place = 0

  return function rejectedEventsOf({ events, isLast }) {
    const found: RejectedEvent[] = []
    for (const { line, child, children, mapped, step } of events) {
      const ordinalOfLine = line ? ordinalOf(line) : 1
      if (outcomes.outcomeAt(place)?.kind === 'rejected') {
        const own = step.kind === 'rejected' ? step : NONDETERMINISTIC
        const outcome = outcomes.refusalAt(place) ?? own
        const sent = step.kind === 'prepared' ? { prepared: step } : {}
        const ordinal = sent.prepared?.ordinal ?? ordinalOfLine
        const more = { ...(children !== undefined && { children }), ...(mapped && { mapped }) }
        found.push({ ...(line && { line }), ordinal, child, ...more, outcome, ...sent })
      }
      place += 1
    }
    if (isLast && place < outcomes.events) {
      throw new Error('a message made fewer events when it was read again')
    }
    return found
  }
}

/** Counts a line among the lines equal to it. All events of a line have the same count. */
function createLineOrdinals(): (line: Line) => number {
  const ordinalOf = createOrdinals()
  let last: { readonly number: number; readonly ordinal: number } | undefined

  return function ordinalOfLine({ number, text }) {
    if (last?.number !== number) last = { number, ordinal: ordinalOf(text) }
    return last.ordinal
  }
}
