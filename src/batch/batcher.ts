import type { Clock } from '../lib/clock.ts'
import type { RetryReason } from '../model/outcome.ts'
import type { PendingEvent } from '../model/pending-event.ts'
import { type BatchLimits, createLane, type Lane, type Waiting } from './lane.ts'
import type { Linger } from './linger.ts'

export interface BatcherOptions extends BatchLimits {
  /** The most batches in flight at once. Beyond it, the waiting batches grow. */
  readonly maxConcurrency: number
}

/** Events of one kind, and the moment from which the next batch of them may leave. */
interface Queue {
  readonly lane: Lane
  /** The monotonic ms at which the last batch left. */
  leftAt: number
}

/** The queue that sends next. */
interface NextUp extends Pick<Waiting, 'attended' | 'since'> {
  readonly queue: Queue
  /** The monotonic ms at which its next batch may leave. */
  readonly dueAt: number
  readonly isDue: boolean
}

/**
 * Delivers one batch to Mixpanel and reports each event's outcome to its sink. Resolves when all
 * are reported. Rejects only on a bug.
 */
export type DeliverBatch = (batch: readonly PendingEvent[]) => Promise<void>

export interface BatcherDeps {
  readonly clock: Clock
  /** The time from one batch of a lane to the next; 0 sends at once. */
  readonly linger: Linger
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
 * Makes a batcher with group commit. A batch leaves one linger after the last one, with all events
 * that came meanwhile, or when it is full, or when a slot is free again. So a lone event is sent at
 * once, and under load many events share a request. Events that no push waits for are sent only when
 * no others wait, and use at most a quarter of the slots. Identity verbs are sent apart: one of them
 * makes a Simplified-ID project refuse its whole batch.
 */
export function createBatcher(options: BatcherOptions, deps: BatcherDeps): Batcher {
  const { clock, linger, deliverBatch, lateReason } = deps
  const mostUnattended = Math.max(1, Math.floor(options.maxConcurrency * UNATTENDED_SHARE))
  const events: Queue = { lane: createLane(options, lateReason), leftAt: -Infinity }
  const identityVerbs: Queue = { lane: createLane(options, lateReason), leftAt: -Infinity }
  const queues = [events, identityVerbs]
  let inFlight = 0
  let unattended = 0
  let draining = false
  let alarm: { dueAt: number; cancel: () => void } | undefined

  return { add, takeBack, review, drain }

  function add(pending: readonly PendingEvent[]): void {
    const now = clock.monotonic()
    linger.arrived(pending.length, now)
    const lone = pending.length === 1 && isEmpty() ? pending[0] : undefined
    if (lone) addLone(lone, now)
    else queueUp(pending)
  }

  /** Whether no event waits. */
  function isEmpty(): boolean {
    return events.lane.events + identityVerbs.lane.events === 0
  }

  /** Takes an event while no other waits. It is a batch of its own when it may leave at once. */
  function addLone(event: PendingEvent, now: number): void {
    const { sink, prepared } = event
    const queue = prepared.identityVerb ? identityVerbs : events
    const isFree = inFlight < options.maxConcurrency && now >= queue.leftAt + linger.ms()
    if (isFree && now < sink.deliverBy) {
      queue.leftAt = now
      sink.departed()
      void send([event], true)
    } else queueUp([event])
  }

  function queueUp(pending: readonly PendingEvent[]): void {
    const now = clock.monotonic()
    if (pending.some(isIdentityVerb)) {
      events.lane.push(
        pending.filter((event) => !isIdentityVerb(event)),
        now,
      )
      identityVerbs.lane.push(pending.filter(isIdentityVerb), now)
    } else {
      events.lane.push(pending, now)
    }
    pump()
    askForSlot()
  }

  function takeBack(batch: readonly PendingEvent[]): void {
    for (const pending of Map.groupBy(batch, ({ sink }) => sink).values()) queueUp(pending)
  }

  function review(): void {
    const now = clock.monotonic()
    for (const { lane } of queues) lane.returnLate(now)
    pump()
    askForSlot()
  }

  function askForSlot(): void {
    if (inFlight < options.maxConcurrency) return
    const now = clock.monotonic()
    if (queues.some(({ lane }) => lane.waiting(now)?.attended)) deps.slotWanted()
  }

  function drain(): void {
    draining = true
    pump()
  }

  /** Sends all that is ready, and sets the timer for the rest. */
  function pump(): void {
    let next = nextUp()
    for (; next?.isDue; next = nextUp()) {
      const now = clock.monotonic()
      const batch = next.queue.lane.take(now)
      if (batch.length === 0) continue
      next.queue.leftAt = now
      void send(batch, next.attended)
    }
    if (next) pumpAt(next.dueAt)
  }

  /**
   * Returns the queue whose oldest event came first, among those that may send, so that neither
   * starves.
   */
  function nextUp(): NextUp | undefined {
    if (inFlight >= options.maxConcurrency) return undefined
    const now = clock.monotonic()
    let chosen: NextUp | undefined
    for (const queue of queues) {
      const waiting = queue.lane.waiting(now)
      if (!waiting || (!waiting.attended && unattended >= mostUnattended)) continue
      const { attended, since, full } = waiting
      const dueAt = draining || full ? now : Math.min(queue.leftAt, since) + linger.ms()
      const next = { queue, attended, since, dueAt, isDue: dueAt <= now }
      if (!chosen || goesBefore(next, chosen)) chosen = next
    }
    return chosen
  }

  /** Sets the only timer, unless it rings earlier. There is none while no slot is free. */
  function pumpAt(dueAt: number): void {
    if (alarm && alarm.dueAt <= dueAt) return
    alarm?.cancel()
    const cancel = clock.after(dueAt - clock.monotonic(), () => {
      alarm = undefined
      pump()
    })
    alarm = { dueAt, cancel }
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
      if (!isEmpty()) pump()
    }
  }
}

function goesBefore(one: NextUp, other: NextUp): boolean {
  if (one.attended !== other.attended) return one.attended
  if (one.isDue !== other.isDue) return one.isDue
  return one.isDue ? one.since < other.since : one.dueAt < other.dueAt
}

function isIdentityVerb(event: PendingEvent): boolean {
  return event.prepared.identityVerb
}
