import type { MessageBytes } from '../lib/byte-budget.ts'
import type { Message } from '../model/message.ts'
import { type EventOutcome, type Retry, retry } from '../model/outcome.ts'
import type { MadeEvent, OutcomeSink, PendingEvent } from '../model/pending-event.ts'
import { type EarlierOutcomes, OutcomeTable, type PortionCounts } from './outcome-table.ts'
import { digestOf } from './same-message.ts'

/** Events of a message, and the number of their lines. */
export interface BegunPortion {
  readonly events: readonly MadeEvent[]
  readonly lines: number
}

/** The facts about a message when its work begins. */
export interface BegunMessage
  extends Pick<MessageProgress, 'ids' | 'message' | 'bytes' | 'deliverBy' | 'endBy'> {
  /** The outcomes of earlier deliveries of the message. */
  readonly earlier: EarlierOutcomes | undefined
}

/** The dependencies of all progresses of a process. */
export interface ProgressDeps {
  /** Returns monotonic ms. */
  readonly now: () => number
  /** Called with the number of events of each portion that are still to be settled. */
  readonly begun: (count: number) => void
  /** Called when work without a push may not go on. */
  readonly stopped: () => void
}

interface Waiter {
  readonly atMostBytes: number
  readonly end: PromiseWithResolvers<void>
}

/** The portion that stands for everything that was not begun. */
const UNKNOWN: PortionCounts = { lines: 0, events: 1 }
/** The memory of an event in flight, without its text. */
const PENDING_BYTES = 500

/**
 * The work for one message, from its first push to its settlement, shared by all pushes of it that
 * wait meanwhile. Once some of its events have left in a batch, the work goes on after the last
 * push was answered, for as long as Mixpanel imports events. It is a class, because each message
 * has one while its push waits (decision 14).
 */
export class MessageProgress implements OutcomeSink {
  /** The ids of the message, by which the ledger looks it up. */
  readonly ids: string
  readonly message: Message
  /** The bytes of the budget that the message holds. */
  readonly bytes: MessageBytes
  /** The outcomes of the portions that were begun. */
  readonly outcomes: OutcomeTable
  deliverBy: number
  /** The monotonic ms at which all work for the message ends, with the storing of its letters. */
  endBy: number
  private readonly deps: ProgressDeps
  private earlier: EarlierOutcomes | undefined
  private portions = 0
  private inFlightBytes = 0
  private waiter: Waiter | undefined = undefined
  private bug: { readonly error: unknown } | undefined = undefined
  private hasDeparted = false
  private isGivenUp = false
  /** Whether an event was imported since an answer was last judged. */
  private hasImported = false
  private isJudging = false
  private digest: string | undefined = undefined

  constructor(begun: BegunMessage, deps: ProgressDeps) {
    this.ids = begun.ids
    this.message = begun.message
    this.bytes = begun.bytes
    this.outcomes = new OutcomeTable(begun.bytes)
    this.deliverBy = begun.deliverBy
    this.endBy = begun.endBy
    this.deps = deps
    this.earlier = begun.earlier
  }

  /** Returns the digest of the message. Only a message that Mixpanel refuses needs one. */
  get key(): string {
    this.digest ??= digestOf(this.message)
    return this.digest
  }

  /** Whether it is still worth beginning anything for the message. */
  readonly wanted = (): boolean => this.deps.now() < this.goesOnUntil()

  /** Whether its dead letters may still be stored. */
  readonly isTimeToStore = (): boolean => this.deps.now() < this.endBy

  goesOnUntil(): number {
    if (this.isGivenUp || !this.hasDeparted) return this.deliverBy
    return Math.max(this.deliverBy, this.endBy)
  }

  departed(): void {
    this.hasDeparted = true
  }

  /**
   * Takes the next events of the message, in an order that is the same at each delivery. Returns
   * the events that are sent. An event that an earlier delivery settled stays settled.
   */
  begin({ events, lines }: BegunPortion): readonly PendingEvent[] {
    // A transform that is no function of its input may make other events. All portions from there
    // on are new.
    if (this.earlier?.portions[this.portions]?.events !== events.length) this.earlier = undefined
    this.portions += 1
    let place = this.outcomes.addPortion({ lines, events: events.length })
    const pending: PendingEvent[] = []
    let settled = 0
    for (const event of events) {
      const outcome = this.earlier?.finalAt(place)
      if (outcome) {
        this.outcomes.recordEarlier(place, outcome)
        settled += 1
      } else this.beginEvent(event, place, pending)
      place += 1
    }
    this.deps.begun(events.length - settled)
    return pending
  }

  /**
   * Takes the next portions as earlier deliveries settled them, as long as they leave nothing to
   * do. `skip` is called with the number of lines of each.
   */
  skipSettled(skip: (lines: number) => void): void {
    const { earlier } = this
    if (!earlier) return
    for (const next of earlier.portions.slice(this.portions)) {
      if (!this.isSettled(this.outcomes.events, next.events)) return
      this.giveBack(next, retry('deadline'))
      this.portions += 1
      skip(next.lines)
    }
  }

  /** Records that all further events come again. Their outcomes from earlier deliveries stay. */
  giveBackRest(outcome: Retry): void {
    const rest = this.earlier?.portions.slice(this.portions) ?? []
    for (const portion of rest.length > 0 ? rest : [UNKNOWN]) this.giveBack(portion, outcome)
  }

  /**
   * Resolves when the events in flight have at most this many bytes. Rejects when a delivery threw.
   */
  untilInFlight(atMostBytes: number): Promise<void> {
    const end = Promise.withResolvers<void>()
    this.waiter = { atMostBytes, end }
    if (this.bug) end.reject(this.bug.error)
    else this.resolveWaiter()
    return end.promise
  }

  report({ place, prepared }: PendingEvent, outcome: EventOutcome): void {
    this.outcomes.record(place, outcome)
    this.inFlightBytes -= prepared.bytes + PENDING_BYTES
    if (outcome.kind === 'imported') this.hasImported = true
    else this.judge(outcome)
    this.resolveWaiter()
  }

  failed(error: unknown): void {
    this.bug = { error }
    this.waiter?.end.reject(error)
  }

  /** Gives the work more time, because another push waits for it. */
  extendTo(deliverBy: number, endBy: number): void {
    this.deliverBy = Math.max(this.deliverBy, deliverBy)
    this.endBy = Math.max(this.endBy, endBy)
  }

  /** Ends the delivery at `deliverBy`, and all work at `endBy`, at the latest. */
  pullTo(deliverBy: number, endBy: number): void {
    this.deliverBy = Math.min(this.deliverBy, deliverBy)
    this.giveUp(endBy)
  }

  /** Stops all work that no push waits for, and ends the rest at `at`. */
  giveUp(at: number): void {
    this.isGivenUp = true
    this.endBy = Math.min(this.endBy, at)
  }

  /** Adds the event to the pending ones, unless its outcome is known. */
  private beginEvent({ step }: MadeEvent, place: number, pending: PendingEvent[]): void {
    if (step.kind !== 'prepared') {
      this.outcomes.recordUnsent(place, step)
      return
    }
    const refusal = this.earlier?.refusalAt(place)
    if (refusal) {
      this.outcomes.record(place, refusal)
      return
    }
    this.inFlightBytes += step.bytes + PENDING_BYTES
    pending.push({ sink: this, place, prepared: step })
  }

  private isSettled(from: number, events: number): boolean {
    for (let place = from; place < from + events; place += 1) {
      if (!this.earlier?.finalAt(place)) return false
    }
    return true
  }

  /** Gives events their outcome from earlier deliveries, otherwise `outcome`. */
  private giveBack(portion: PortionCounts, outcome: Retry): void {
    const { earlier } = this
    const from = this.outcomes.addPortion(portion)
    for (let place = from; place < from + portion.events; place += 1) {
      const known = earlier?.finalAt(place) ?? earlier?.refusalAt(place)
      this.outcomes.recordEarlier(place, known ?? outcome)
    }
  }

  /** Stops the work that no push waits for, unless Mixpanel's answers import some events. */
  private judge({ kind }: EventOutcome): void {
    if (kind === 'retry') this.stop()
    if (kind === 'rejected' && !this.isJudging && this.isUnattended()) {
      this.isJudging = true
      // An answer reports its events one by one. Only then it is known whether it imports any.
      queueMicrotask(() => this.judgeAnswer())
    }
  }

  private judgeAnswer(): void {
    this.isJudging = false
    if (!this.hasImported) this.stop()
    this.hasImported = false
  }

  private isUnattended(): boolean {
    const now = this.deps.now()
    return now >= this.deliverBy && now < this.goesOnUntil()
  }

  private stop(): void {
    const wentOn = this.isUnattended()
    this.isGivenUp = true
    if (wentOn) this.deps.stopped()
  }

  private resolveWaiter(): void {
    const { waiter } = this
    if (waiter && this.inFlightBytes <= waiter.atMostBytes) waiter.end.resolve()
  }
}
