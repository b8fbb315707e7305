import type { Hold } from '../lib/byte-budget.ts'
import type { Journey, Party, Traveller } from '../model/journey.ts'
import type { Message } from '../model/message.ts'
import { type EventOutcome, type Retry, retry } from '../model/outcome.ts'
import {
  addPortion,
  createOutcomes,
  noteArrival,
  noteRecalled,
  noteStay,
  type Outcomes,
  type PastOutcomes,
  type PastPortion,
} from './outcomes.ts'

/** What is done for one message, for all pushes of it that wait meanwhile. */
export interface Work extends Party {
  /** Changes once at most: when a replay, decoded, turns out to hold several events. */
  message: Message
  /** What the message holds of the byte budget. */
  readonly hold: Hold
  deliverBy: number
  /** Monotonic ms at which all that is done for the message ends, the storing of its letters too. */
  endBy: number
  /** Of the portions that were begun. */
  readonly outcomes: Outcomes
  /** Whether it is still worth beginning anything for the message. */
  wanted(): boolean
  /** Whether its dead letters may still be stored. */
  mayStore(): boolean
  /** From now on nothing goes on without a push that waits, and everything ends at `at`. */
  giveUp(at: number): void
  /**
   * Takes the next events of the message, in an order that is the same at each delivery; answers
   * those that set out. What earlier deliveries settled stays settled.
   */
  begin(portion: BegunPortion): readonly Traveller[]
  /**
   * Takes the next portions as earlier deliveries settled them, as far as nothing of them is left
   * to do; `skip` is told of the lines of each.
   */
  skipSettled(skip: (lines: number) => void): void
  /** Of all further events it is known only that they come again, and what became of them before. */
  leaveRest(outcome: Retry): void
  /** Resolves when those under way weigh so many bytes at most; rejects when a delivery threw. */
  arrivals(atMostBytes: number): Promise<void>
}

/** Events of a message, and how many lines they stood on. */
export interface BegunPortion {
  readonly journeys: readonly Journey[]
  readonly lines: number
}

export interface WorkParts {
  /** What the ledger knows the message by. */
  readonly key: string
  readonly hold: Hold
  /** What earlier deliveries of the message came to. */
  readonly past: PastOutcomes | undefined
  /** Monotonic ms. */
  readonly now: () => number
  /** Told of each portion how many of its events are still to be settled. */
  readonly begun: (count: number) => void
  /** Told when the work went on without a push, and may do so no more. */
  readonly stopped: () => void
}

/** Until when a message is worked on; monotonic ms. */
export type WorkTimes = Pick<Work, 'deliverBy' | 'endBy'>

/** Whatever a message holds beyond what was begun. */
const UNKNOWN: PastPortion = { lines: 0, events: 1 }
/** What an event under way takes of the memory beside its text. */
const TRAVELLER_BYTES = 500

/**
 * The work for one message, from the first push of it to its settlement. Once some of its events
 * have left in a batch it goes on after the last push was answered, for as long as Mixpanel imports.
 */
export function createWork(message: Message, times: WorkTimes, parts: WorkParts): Work {
  const { hold } = parts
  const outcomes = createOutcomes()
  let { past } = parts
  let portions = 0
  let underWayBytes = 0
  let waiter: { readonly atMostBytes: number; readonly end: PromiseWithResolvers<void> } | undefined
  let bug: { readonly error: unknown } | undefined
  let heldTextBytes = 0
  let hasDeparted = false
  let isGivenUp = false
  let imports = 0
  /** The imports there were when an answer rejected events last. */
  let importsBefore = 0
  let isJudging = false

  const work: Work = {
    key: parts.key,
    message,
    hold,
    deliverBy: times.deliverBy,
    endBy: times.endBy,
    get goesOnUntil() {
      if (isGivenUp || !hasDeparted) return work.deliverBy
      return Math.max(work.deliverBy, work.endBy)
    },
    departed() {
      hasDeparted = true
    },
    outcomes,
    wanted: () => parts.now() < work.goesOnUntil,
    mayStore: () => parts.now() < work.endBy,
    giveUp,
    begin,
    skipSettled,
    leaveRest,
    arrivals,
    arrived,
    failed,
  }
  return work

  function begin({ journeys, lines }: BegunPortion): readonly Traveller[] {
    // A transform that is no function of its input may make other events: from there on all is new.
    if (past?.portions[portions]?.events !== journeys.length) past = undefined
    portions += 1
    const from = addPortion(outcomes, { lines, events: journeys.length })
    const travellers: Traveller[] = []
    let recalled = 0
    for (const [index, journey] of journeys.entries()) {
      const place = from + index
      if (recall(place)) recalled += 1
      else setOut(journey, place, travellers)
    }
    parts.begun(journeys.length - recalled)
    holdTexts()
    return travellers
  }

  function recall(place: number): boolean {
    const ended = past?.endedAt(place)
    if (ended) noteRecalled(outcomes, place, ended)
    return ended !== undefined
  }

  function setOut({ step }: Journey, place: number, travellers: Traveller[]): void {
    if (step.kind !== 'prepared') {
      noteStay(outcomes, place, step)
      return
    }
    const rejection = past?.rejectionAt(place)
    if (rejection) {
      noteArrival(outcomes, place, rejection)
      return
    }
    const traveller: Traveller = { party: work, place, event: step }
    underWayBytes += weightOf(traveller)
    travellers.push(traveller)
  }

  function skipSettled(skip: (lines: number) => void): void {
    for (let next = past?.portions[portions]; next; next = past?.portions[portions]) {
      if (!isSettled(outcomes.codes.length, next.events)) return
      leave(next, retry('deadline'))
      portions += 1
      skip(next.lines)
    }
  }

  function isSettled(from: number, events: number): boolean {
    for (let place = from; place < from + events; place += 1) {
      if (!past?.endedAt(place)) return false
    }
    return true
  }

  function leaveRest(outcome: Retry): void {
    const rest = past?.portions.slice(portions) ?? []
    for (const portion of rest.length > 0 ? rest : [UNKNOWN]) leave(portion, outcome)
  }

  /** What earlier deliveries came to, otherwise `outcome`. */
  function leave(portion: PastPortion, outcome: Retry): void {
    const from = addPortion(outcomes, portion)
    for (let place = from; place < from + portion.events; place += 1) {
      noteRecalled(outcomes, place, past?.endedAt(place) ?? past?.rejectionAt(place) ?? outcome)
    }
  }

  function arrivals(atMostBytes: number): Promise<void> {
    const end = Promise.withResolvers<void>()
    waiter = { atMostBytes, end }
    if (bug) end.reject(bug.error)
    else tellWaiter()
    return end.promise
  }

  function arrived(traveller: Traveller, outcome: EventOutcome): void {
    noteArrival(outcomes, traveller.place, outcome)
    holdTexts()
    underWayBytes -= weightOf(traveller)
    judge(outcome)
    tellWaiter()
  }

  function holdTexts(): void {
    if (outcomes.textBytes === heldTextBytes) return
    hold.add(outcomes.textBytes - heldTextBytes)
    heldTextBytes = outcomes.textBytes
  }

  function giveUp(at: number): void {
    isGivenUp = true
    work.endBy = Math.min(work.endBy, at)
  }

  /** Without a push that waits, the work goes on only while Mixpanel's answers import something. */
  function judge({ kind }: EventOutcome): void {
    if (kind === 'imported') imports += 1
    if (kind === 'retry') stop()
    if (kind === 'rejected' && !isJudging && isAlone()) {
      isJudging = true
      // An answer tells its events one after the other: only then it is known whether it imports any.
      queueMicrotask(judgeAnswer)
    }
  }

  function judgeAnswer(): void {
    isJudging = false
    if (imports === importsBefore) stop()
    importsBefore = imports
  }

  function isAlone(): boolean {
    const now = parts.now()
    return now >= work.deliverBy && now < work.goesOnUntil
  }

  function stop(): void {
    if (isGivenUp) return
    const wentOn = isAlone()
    isGivenUp = true
    if (wentOn) parts.stopped()
  }

  function tellWaiter(): void {
    if (waiter && underWayBytes <= waiter.atMostBytes) waiter.end.resolve()
  }

  function failed(error: unknown): void {
    bug = { error }
    waiter?.end.reject(error)
  }
}

function weightOf({ event }: Traveller): number {
  return event.bytes + TRAVELLER_BYTES
}
