import type { Hold } from './lib/byte-budget.ts'
import { createOccurrences } from './lib/occurrences.ts'
import type { Decoded, Line } from './model/event.ts'
import type { Journey, RejectedJourney, Traveller } from './model/journey.ts'
import type { Message } from './model/message.ts'
import { type EventOutcome, rejected, retry } from './model/outcome.ts'
import type { Settlement } from './model/settlement.ts'
import { isRejectedAt, kindsIn, type Outcomes, returnRejected } from './outcomes.ts'
import { createPortions, type MakingStages, type PortionSize, type Portions } from './portions.ts'
import type { Work } from './work.ts'

/** The rooms on the path, in order. None knows another: they meet here. */
export interface Stages extends MakingStages {
  decode(message: Message, hold: Hold, wanted: () => boolean): Decoded | Promise<Decoded>
  /** Sends events on their way; their party is told as each arrives. */
  importEvents(travellers: readonly Traveller[]): void
  /** Resolves with whether these rejected events are safe. */
  storeRejected(message: Message, rejected: readonly RejectedJourney[]): Promise<boolean>
  settle(outcomes: readonly EventOutcome[]): Settlement
}

/** How much of a message is in memory as events. */
export interface PipelineOptions {
  readonly portion: PortionSize
  /** What may still be under way when the next portion is made, in bytes. */
  readonly windowBytes: number
  /** Whether an event is made without those before it: then none is made that is settled already. */
  readonly skipsSettled: boolean
}

/**
 * The path of one message: its events set out, a portion at a time for as long as there is time,
 * each comes to an outcome, the outcomes settle the message. `nextTurn` lets other messages have
 * theirs. Rejects only on a bug, which the edge turns into a nack.
 */
export function createPipeline(
  stages: Stages,
  { portion, windowBytes, skipsSettled }: PipelineOptions,
  nextTurn: () => Promise<void>,
): (work: Work) => Promise<Settlement> {
  return async function settleMessage(work) {
    const decoded = await stages.decode(work.message, work.hold, work.wanted)
    await importAll(decoded, work)
    await storeRejected(decoded, work)
    return stages.settle(kindsIn(work.outcomes))
  }

  function portionsOf(decoded: Decoded, message: Message): Portions {
    return createPortions(decoded, message, { stages, size: portion })
  }

  async function importAll(decoded: Decoded, work: Work): Promise<void> {
    const portions = portionsOf(decoded, work.message)
    for (;;) {
      if (skipsSettled) work.skipSettled(portions.skip)
      const next = portions.next()
      stages.importEvents(work.begin(next))
      if (next.isLast) break
      await work.arrivals(windowBytes)
      await nextTurn()
      if (work.wanted()) continue
      work.leaveRest(retry('deadline'))
      break
    }
    await work.arrivals(0)
  }

  /**
   * Only when the message will not come again: otherwise they would be stored once more then. What
   * they were has not been kept: it is made once more.
   */
  async function storeRejected(decoded: Decoded, { message, outcomes }: Work): Promise<void> {
    const kinds = kindsIn(outcomes).map(({ kind }) => kind)
    if (kinds.includes('retry') || !kinds.includes('rejected')) return
    const portions = portionsOf(decoded, message)
    const ordinalOf = createOrdinals()
    for (let place = 0; place < outcomes.codes.length; await nextTurn()) {
      const { journeys, isLast } = portions.next()
      const rejected = rejectedAmong(journeys, { from: place, outcomes, ordinalOf })
      if (rejected.length > 0 && !(await stages.storeRejected(portions.message, rejected))) {
        return returnRejected(outcomes, retry('dead_letter_unavailable'))
      }
      place += journeys.length
      if (isLast && place < outcomes.codes.length)
        throw new Error('a message made fewer events again')
    }
  }
}

interface Among {
  readonly from: number
  readonly outcomes: Outcomes
  readonly ordinalOf: (line: Line) => number
}

function rejectedAmong(
  journeys: readonly Journey[],
  { from, outcomes, ordinalOf }: Among,
): readonly RejectedJourney[] {
  return journeys.flatMap(({ line, child, step }, index) => {
    const place = from + index
    const ordinal = line ? ordinalOf(line) : 1
    if (!isRejectedAt(outcomes, place)) return []
    const event = step.kind === 'prepared' ? { event: step } : {}
    const own = step.kind === 'rejected' ? step : FICKLE
    const outcome = outcomes.rejections?.get(place) ?? own
    return { ...(line && { line }), ordinal, child, outcome, ...event }
  })
}

/** The places of lines among those equal to them, as content ids count them; asked in order. */
function createOrdinals(): (line: Line) => number {
  const texts = createOccurrences()
  let last: { readonly number: number; readonly ordinal: number } | undefined

  return function ordinalOf({ number, text }) {
    if (last?.number !== number) last = { number, ordinal: texts.next(text) }
    return last.ordinal
  }
}

/** Of an event that was rejected, and when it is made once more it is not. */
const FICKLE = rejected(
  'transform_failed',
  'the transform is no function of its input: of this event it made another when asked again',
)
