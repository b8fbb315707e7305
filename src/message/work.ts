import type { MessageBytes } from '../lib/byte-budget.ts'
import type { Message } from '../model/message.ts'
import { type EventOutcome, type Retry, retry } from '../model/outcome.ts'
import type { MadeEvent, OutcomeSink, PendingEvent } from '../model/pending-event.ts'
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

/** The work for one message, shared by all pushes of it that wait meanwhile. */
export interface Work extends OutcomeSink {
  /** The message. It changes at most once: when a decoded replay holds several events. */
  message: Message
  /** The bytes of the budget that the message holds. */
  readonly messageBytes: MessageBytes
  deliverBy: number
  /** The monotonic ms at which all work for the message ends, with the storing of its letters. */
  endBy: number
  /** The outcomes of the portions that were begun. */
  readonly outcomes: Outcomes
  /** Whether it is still worth beginning anything for the message. */
  wanted(): boolean
  /** Whether its dead letters may still be stored. */
  mayStore(): boolean
  /** Stops all work that no push waits for, and ends the rest at `at`. */
  giveUp(at: number): void
  /**
   * Takes the next events of the message, in an order that is the same at each delivery. Returns
   * the events that are sent. An event that an earlier delivery settled stays settled.
   */
  begin(portion: BegunPortion): readonly PendingEvent[]
  /**
   * Takes the next portions as earlier deliveries settled them, as long as they leave nothing to
   * do. `skip` is called with the number of lines of each.
   */
  skipSettled(skip: (lines: number) => void): void
  /** Notes that all further events come again. Their outcomes from earlier deliveries stay. */
  leaveRest(outcome: Retry): void
  /**
   * Resolves when the events under way have at most this many bytes. Rejects when a delivery threw.
   */
  arrivals(atMostBytes: number): Promise<void>
}

/** Events of a message, and the number of their lines. */
export interface BegunPortion {
  readonly events: readonly MadeEvent[]
  readonly lines: number
}

export interface WorkDeps {
  /** The key of the message in the ledger. */
  readonly key: string
  readonly messageBytes: MessageBytes
  /** The outcomes of earlier deliveries of the message. */
  readonly past: PastOutcomes | undefined
  /** Returns monotonic ms. */
  readonly now: () => number
  /** Called with the number of events of each portion that are still to be settled. */
  readonly begun: (count: number) => void
  /** Called when work without a push may not go on. */
  readonly stopped: () => void
}

/** The deadlines of the work for a message, in monotonic ms. */
export type WorkTimes = Pick<Work, 'deliverBy' | 'endBy'>

/** The portion that stands for everything that was not begun. */
const UNKNOWN: PastPortion = { lines: 0, events: 1 }
/** The memory of an event under way, without its text. */
const PENDING_BYTES = 500

/**
 * Makes the work for one message, from its first push to its settlement. Once some of its events
 * have left in a batch, the work goes on after the last push was answered, for as long as Mixpanel
 * imports events.
 */
export function createWork(message: Message, times: WorkTimes, deps: WorkDeps): Work {
  const { messageBytes } = deps
  const outcomes = createOutcomes()
  let { past } = deps
  let portions = 0
  let underWayBytes = 0
  let waiter: { readonly atMostBytes: number; readonly end: PromiseWithResolvers<void> } | undefined
  let bug: { readonly error: unknown } | undefined
  let heldTextBytes = 0
  let hasDeparted = false
  let isGivenUp = false
  let imports = 0
  /** The number of imports when an answer last rejected events. */
  let importsBefore = 0
  let isJudging = false

  const work: Work = {
    key: deps.key,
    message,
    messageBytes,
    deliverBy: times.deliverBy,
    endBy: times.endBy,
    goesOnUntil,
    departed() {
      hasDeparted = true
    },
    outcomes,
    wanted: () => deps.now() < goesOnUntil(),
    mayStore: () => deps.now() < work.endBy,
    giveUp,
    begin,
    skipSettled,
    leaveRest,
    arrivals,
    report,
    failed,
  }
  return work

  function goesOnUntil(): number {
    if (isGivenUp || !hasDeparted) return work.deliverBy
    return Math.max(work.deliverBy, work.endBy)
  }

  function begin({ events, lines }: BegunPortion): readonly PendingEvent[] {
    // A transform that is no function of its input may make other events. All portions from there
    // on are new.
    if (past?.portions[portions]?.events !== events.length) past = undefined
    portions += 1
    const from = addPortion(outcomes, { lines, events: events.length })
    const pending: PendingEvent[] = []
    let recalled = 0
    for (const [index, event] of events.entries()) {
      const place = from + index
      if (recall(place)) recalled += 1
      else setOut(event, place, pending)
    }
    deps.begun(events.length - recalled)
    holdTexts()
    return pending
  }

  function recall(place: number): boolean {
    const ended = past?.endedAt(place)
    if (ended) noteRecalled(outcomes, place, ended)
    return ended !== undefined
  }

  function setOut({ step }: MadeEvent, place: number, pending: PendingEvent[]): void {
    if (step.kind !== 'prepared') {
      noteStay(outcomes, place, step)
      return
    }
    const rejection = past?.rejectionAt(place)
    if (rejection) {
      noteArrival(outcomes, place, rejection)
      return
    }
    const event: PendingEvent = { sink: work, place, prepared: step }
    underWayBytes += weightOf(event)
    pending.push(event)
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

  /** Gives events their outcome from earlier deliveries, otherwise `outcome`. */
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

  function report(event: PendingEvent, outcome: EventOutcome): void {
    noteArrival(outcomes, event.place, outcome)
    holdTexts()
    underWayBytes -= weightOf(event)
    judge(outcome)
    tellWaiter()
  }

  function holdTexts(): void {
    if (outcomes.textBytes === heldTextBytes) return
    messageBytes.add(outcomes.textBytes - heldTextBytes)
    heldTextBytes = outcomes.textBytes
  }

  function giveUp(at: number): void {
    isGivenUp = true
    work.endBy = Math.min(work.endBy, at)
  }

  /** Stops the work that no push waits for, unless Mixpanel's answers import some events. */
  function judge({ kind }: EventOutcome): void {
    if (kind === 'imported') imports += 1
    if (kind === 'retry') stop()
    if (kind === 'rejected' && !isJudging && isAlone()) {
      isJudging = true
      // An answer reports its events one by one. Only then it is known whether it imports any.
      queueMicrotask(judgeAnswer)
    }
  }

  function judgeAnswer(): void {
    isJudging = false
    if (imports === importsBefore) stop()
    importsBefore = imports
  }

  function isAlone(): boolean {
    const now = deps.now()
    return now >= work.deliverBy && now < goesOnUntil()
  }

  function stop(): void {
    if (isGivenUp) return
    const wentOn = isAlone()
    isGivenUp = true
    if (wentOn) deps.stopped()
  }

  function tellWaiter(): void {
    if (waiter && underWayBytes <= waiter.atMostBytes) waiter.end.resolve()
  }

  function failed(error: unknown): void {
    bug = { error }
    waiter?.end.reject(error)
  }
}

function weightOf({ prepared }: PendingEvent): number {
  return prepared.bytes + PENDING_BYTES
}
