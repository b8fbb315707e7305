import type { Hold } from './lib/byte-budget.ts'
import type { Journey, Party } from './model/journey.ts'
import type { Message } from './model/message.ts'
import type { EventOutcome } from './model/outcome.ts'

/** What is done for one message, for all pushes of it that wait meanwhile. */
export interface Work extends Party {
  /** Changes once at most: when a replay, decoded, turns out to hold several events. */
  message: Message
  /** What the message holds of the byte budget. */
  readonly hold: Hold
  deliverBy: number
  /** Every event of the message, in an order that is the same at each delivery; none before it is decoded. */
  readonly journeys: readonly Journey[]
  /** Those of them that no earlier delivery brought to their end. */
  readonly fresh: readonly Journey[]
  /** Whether it is still worth beginning anything for the message. */
  wanted(): boolean
  /** Takes the journeys of the message's events. What earlier deliveries settled stays settled. */
  begin(journeys: readonly Journey[]): void
  /** Resolves when `count` journeys have arrived; rejects when a delivery threw. */
  arrivals(count: number): Promise<void>
}

export interface WorkParts {
  readonly hold: Hold
  /** Outcomes that earlier deliveries of the message came to, in the order of its journeys. */
  readonly past: readonly EventOutcome[] | undefined
  /** Monotonic ms. */
  readonly now: () => number
  /** Told, once the message is decoded, how many of its events are still to be settled. */
  readonly begun: (count: number) => void
}

/** The work for one message, from the first push of it to its settlement. */
export function createWork(message: Message, deliverBy: number, parts: WorkParts): Work {
  const arrival = Promise.withResolvers<void>()
  let journeys: readonly Journey[] = []
  let fresh: readonly Journey[] = []
  let expected = Number.POSITIVE_INFINITY
  let arrivedCount = 0

  const work: Work = {
    message,
    hold: parts.hold,
    deliverBy,
    get journeys() {
      return journeys
    },
    get fresh() {
      return fresh
    },
    wanted: () => parts.now() < work.deliverBy,
    begin,
    arrivals,
    arrived,
    failed: arrival.reject,
  }
  return work

  function begin(all: readonly Journey[]): void {
    journeys = all
    fresh = all
    // A transform that has changed since may make other events of the message: then all is new.
    if (parts.past?.length === all.length) recall(parts.past)
    parts.begun(fresh.length)
  }

  function recall(past: readonly EventOutcome[]): void {
    for (const [index, outcome] of past.entries()) {
      const journey = journeys[index]
      if (journey && outcome.kind !== 'retry') journey.outcome = outcome
    }
    fresh = journeys.filter((_, index) => !ended(past[index]))
  }

  function arrivals(count: number): Promise<void> {
    expected = count
    if (arrivedCount >= expected) arrival.resolve()
    return arrival.promise
  }

  function arrived(journey: Journey, outcome: EventOutcome): void {
    journey.outcome = outcome
    arrivedCount += 1
    if (arrivedCount >= expected) arrival.resolve()
  }
}

/** A rejected event has not come to its end before it is stored, and then its message is acked. */
function ended(outcome: EventOutcome | undefined): boolean {
  return outcome?.kind === 'imported' || outcome?.kind === 'dropped'
}
