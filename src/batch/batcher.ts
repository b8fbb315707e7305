import type { Clock } from '../lib/clock.ts'
import type { RetryReason } from '../model/outcome.ts'
import type { PendingEvent } from '../model/pending-event.ts'
import { type BatchLimits, createLane, type Lane, type Waiting } from './lane.ts'

export interface BatcherOptions extends BatchLimits {
  /**
   * The longest time that an event waits for others while batches are in flight. 0 sends at once.
   */
  readonly lingerMs: number
  /** The most batches in flight at once. Beyond it, the waiting batches grow. */
  readonly maxConcurrency: number
}

/** The lane that sends next. */
interface NextUp extends Pick<Waiting, 'attended' | 'since'> {
  readonly lane: Lane
  /** Whether its events need not linger any longer. */
  readonly ready: boolean
}

/**
 * Delivers one batch to Mixpanel and reports each event's outcome to its sink. Resolves when all
 * are reported. Rejects only on a bug.
 */
export type DeliverBatch = (batch: readonly PendingEvent[]) => Promise<void>

export interface BatcherDeps {
  readonly clock: Clock
  readonly deliverBatch: DeliverBatch
  /**
   * Returns the reason for which events go back that have waited too long, as far as Mixpanel is
   * the cause.
   */
  readonly lateReason: () => RetryReason
  /** Called when all slots are taken, and a push waits for one. */
  readonly slotWanted: () => void
}

export interface Batcher {
  /** Takes events of one message. Their sink gets the outcome of each. It never waits. */
  add(pending: readonly PendingEvent[]): void
  /** Takes back a batch that gave its slot to another. */
  takeBack(batch: readonly PendingEvent[]): void
  /**
   * Returns events that have waited too long to their messages, and looks at the others again. It
   * is called when deadlines have moved.
   */
  review(): void
  /** Stops all lingering: waiting events are sent as soon as there is a slot. */
  drain(): void
}

/** The share of the slots for events that no push waits for. */
const UNATTENDED_SHARE = 1 / 4

/**
 * Makes a batcher with group commit. An event is sent at once when nothing is in flight. Otherwise
 * it is sent with the events that came within the linger, or while all slots were taken. Events
 * that no push waits for are sent only when no others wait, and use at most a quarter of the
 * slots. Identity verbs are sent apart: one of them makes a Simplified-ID project refuse its
 * whole batch.
 */
export function createBatcher(options: BatcherOptions, deps: BatcherDeps): Batcher {
  const { clock, deliverBatch, lateReason } = deps
  const mostUnattended = Math.max(1, Math.floor(options.maxConcurrency * UNATTENDED_SHARE))
  const events = createLane(options, lateReason)
  const identityVerbs = createLane(options, lateReason)
  const lanes: readonly Lane[] = [events, identityVerbs]
  let inFlight = 0
  let unattended = 0
  let draining = false
  let callOffLinger: (() => void) | undefined

  return { add, takeBack, review, drain }

  function add(pending: readonly PendingEvent[]): void {
    const now = clock.monotonic()
    if (pending.some(isIdentityVerb)) {
      events.push(
        pending.filter((event) => !isIdentityVerb(event)),
        now,
      )
      identityVerbs.push(pending.filter(isIdentityVerb), now)
    } else {
      events.push(pending, now)
    }
    pump()
    askForSlot()
  }

  function takeBack(batch: readonly PendingEvent[]): void {
    for (const pending of Map.groupBy(batch, ({ sink }) => sink).values()) add(pending)
  }

  function review(): void {
    const now = clock.monotonic()
    for (const lane of lanes) lane.returnLate(now)
    pump()
    askForSlot()
  }

  function askForSlot(): void {
    if (inFlight < options.maxConcurrency) return
    const now = clock.monotonic()
    if (lanes.some((lane) => lane.waiting(now)?.attended)) deps.slotWanted()
  }

  function drain(): void {
    draining = true
    pump()
  }

  /** Sends all that is ready, and sets the timer for the rest. */
  function pump(): void {
    let next = nextUp()
    for (; next?.ready; next = nextUp()) {
      const batch = next.lane.take(clock.monotonic())
      if (batch.length > 0) void send(batch, next.attended)
    }
    if (next && !callOffLinger) linger(next.since)
  }

  /**
   * Returns the lane whose oldest event came first, among the lanes that may send, so that neither
   * starves.
   */
  function nextUp(): NextUp | undefined {
    if (inFlight >= options.maxConcurrency) return undefined
    const now = clock.monotonic()
    let chosen: NextUp | undefined
    for (const lane of lanes) {
      const waiting = lane.waiting(now)
      if (!waiting || (!waiting.attended && unattended >= mostUnattended)) continue
      const { attended, since, full } = waiting
      const ready = draining || inFlight === 0 || full || now - since >= options.lingerMs
      const next = { lane, attended, since, ready }
      if (!chosen || goesBefore(next, chosen)) chosen = next
    }
    return chosen
  }

  /**
   * Sets one timer for the event that has waited longest. There is none while no slot is free.
   */
  function linger(since: number): void {
    callOffLinger = clock.after(since + options.lingerMs - clock.monotonic(), () => {
      callOffLinger = undefined
      pump()
    })
  }

  async function send(batch: readonly PendingEvent[], attended: boolean): Promise<void> {
    inFlight += 1
    if (!attended) unattended += 1
    try {
      await deliverBatch(batch)
    } catch (error) {
      for (const sink of new Set(batch.map((event) => event.sink))) sink.failed(error)
    } finally {
      inFlight -= 1
      if (!attended) unattended -= 1
      pump()
    }
  }
}

function goesBefore(one: NextUp, other: NextUp): boolean {
  if (one.attended !== other.attended) return one.attended
  if (one.ready !== other.ready) return one.ready
  return one.since < other.since
}

function isIdentityVerb(event: PendingEvent): boolean {
  return event.prepared.identityVerb
}
