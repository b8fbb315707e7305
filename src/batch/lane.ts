import { type RetryReason, retry } from '../model/outcome.ts'
import type { OutcomeSink, PendingEvent } from '../model/pending-event.ts'

export interface BatchLimits {
  readonly maxEvents: number
  /** The most bytes of the request body `[event,event,…]`. One event always fits. */
  readonly maxBytes: number
}

/**
 * Events that wait for a batch, in the order in which they came, as one run for each message.
 * Events that a push waits for go before all others, and never in one batch with them.
 */
export interface Lane {
  /** The number of events that wait. */
  readonly events: number
  push(pending: readonly PendingEvent[], now: number): void
  /**
   * Takes the oldest events that fit into one batch. Events that have waited too long go back
   * instead.
   */
  take(now: number): PendingEvent[]
  /** Returns events that have waited too long to their messages. */
  returnLate(now: number): void
  /** Describes the events that are taken next; `undefined` when none wait. */
  waiting(now: number): Waiting | undefined
}

/** The events that are taken next. */
export interface Waiting {
  /** Whether a push waits for them. */
  readonly attended: boolean
  /** The monotonic ms since which the oldest of them waits. */
  readonly since: number
  /** Whether they fill a batch. */
  readonly full: boolean
}

interface Run {
  readonly sink: OutcomeSink
  readonly pending: readonly PendingEvent[]
  readonly since: number
  next: number
  /** The bytes of the events from `next` on. */
  bytes: number
}

/**
 * The bytes that an event takes beside its text: a comma or a bracket. The body has one bracket
 * more.
 */
const BRACKET_BYTES = 1

/**
 * Makes a queue of runs. `lateReason` gives the reason for events that waited too long. The byte
 * budget, which every message takes a part of, bounds the queue.
 */
export function createLane(limits: BatchLimits, lateReason: () => RetryReason): Lane {
  let runs: Run[] = []
  /** The bytes of all events that wait. They spare the walk along the runs while no batch is full. */
  let allBytes = BRACKET_BYTES
  const lane = { events: 0, push, take, returnLate, waiting }
  return lane

  function push(pending: readonly PendingEvent[], now: number): void {
    const sink = pending[0]?.sink
    if (!sink) return
    let bytes = 0
    for (const { prepared } of pending) bytes += prepared.bytes + BRACKET_BYTES
    runs.push({ sink, pending, since: now, next: 0, bytes })
    lane.events += pending.length
    allBytes += bytes
  }

  function waiting(now: number): Waiting | undefined {
    const [oldest] = runs
    if (!oldest) return undefined
    const first = runs.find((run) => isAttended(run, now))
    const attended = first !== undefined
    const mayBeFull = lane.events >= limits.maxEvents || allBytes >= limits.maxBytes
    const { since } = first ?? oldest
    return { attended, since, full: mayBeFull && isFull(now, attended) }
  }

  function isFull(now: number, attended: boolean): boolean {
    let events = 0
    let bytes = BRACKET_BYTES
    for (const run of runs) {
      if (isAttended(run, now) !== attended) continue
      events += run.pending.length - run.next
      bytes += run.bytes
      if (events >= limits.maxEvents || bytes >= limits.maxBytes) return true
    }
    return false
  }

  function take(now: number): PendingEvent[] {
    const attended = runs.some((run) => isAttended(run, now))
    const batch: PendingEvent[] = []
    let room = limits.maxBytes - BRACKET_BYTES
    for (const run of runs) {
      const isAlone = !isAttended(run, now)
      if (isAlone && isLate(run, now)) sendBack(run)
      else if (isAlone !== attended) room = board(run, batch, room)
      else continue
      if (hasMore(run)) break
    }
    runs = runs.filter(hasMore)
    return batch
  }

  /** Moves the events that fit from a run into the batch. Returns the bytes that are left. */
  function board(run: Run, batch: PendingEvent[], room: number): number {
    let left = room
    let end = run.next
    let event = run.pending[end]
    while (event && batch.length < limits.maxEvents) {
      const size = event.prepared.bytes + BRACKET_BYTES
      if (size > left && batch.length > 0) break
      batch.push(event)
      left -= size
      end += 1
      event = run.pending[end]
    }
    const boarded = end - run.next
    remove(run, boarded, room - left)
    if (boarded > 0) run.sink.departed()
    return left
  }

  function returnLate(now: number): void {
    for (const run of runs) if (isLate(run, now)) sendBack(run)
    runs = runs.filter(hasMore)
  }

  function sendBack(run: Run): void {
    for (let event = run.pending[run.next]; event; event = run.pending[run.next]) {
      remove(run, 1, event.prepared.bytes + BRACKET_BYTES)
      run.sink.report(event, retry(lateReason()))
    }
  }

  function remove(run: Run, events: number, bytes: number): void {
    run.next += events
    run.bytes -= bytes
    lane.events -= events
    allBytes -= bytes
  }
}

function hasMore(run: Run): boolean {
  return run.next < run.pending.length
}

function isAttended({ sink }: Run, now: number): boolean {
  return now < sink.deliverBy
}

function isLate({ sink }: Run, now: number): boolean {
  return now >= sink.goesOnUntil()
}
