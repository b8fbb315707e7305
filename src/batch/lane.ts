import type { Party, Traveller } from '../model/journey.ts'
import { type RetryReason, retry } from '../model/outcome.ts'

export interface BatchLimits {
  readonly maxEvents: number
  /** Of the request body `[event,event,…]`, in bytes. One event always fits. */
  readonly maxBytes: number
}

/** Events that wait for company, in the order they came, a run for each message. */
export interface Lane {
  push(travellers: readonly Traveller[], now: number): void
  /** The oldest events that fit into one batch; those whose time is up go back instead. */
  take(now: number): Traveller[]
  /** Sends back what can no longer set out. */
  returnLate(now: number): void
  /** Whether what waits fills a batch. */
  full(): boolean
  empty(): boolean
  /** Monotonic ms since when the oldest event waits; infinity when none does. */
  waitingSince(): number
}

interface Run {
  readonly party: Party
  readonly travellers: readonly Traveller[]
  readonly since: number
  next: number
}

/** A comma or a bracket for each event, and one bracket more. */
const BRACKET_BYTES = 1

/**
 * A queue of runs; `lateReason` is asked why what goes back has waited so long. Its length is
 * bounded by the byte budget that every message holds.
 */
export function createLane(limits: BatchLimits, lateReason: () => RetryReason): Lane {
  let runs: Run[] = []
  let events = 0
  let bytes = 0

  return {
    push,
    take,
    returnLate,
    full: () => events >= limits.maxEvents || bytes + BRACKET_BYTES >= limits.maxBytes,
    empty: () => events === 0,
    waitingSince: () => runs[0]?.since ?? Number.POSITIVE_INFINITY,
  }

  function push(travellers: readonly Traveller[], now: number): void {
    const party = travellers[0]?.party
    if (!party) return
    runs.push({ party, travellers, since: now, next: 0 })
    events += travellers.length
    for (const traveller of travellers) bytes += sizeOf(traveller)
  }

  function take(now: number): Traveller[] {
    const batch: Traveller[] = []
    let room = limits.maxBytes - BRACKET_BYTES
    let used = 0
    for (const run of runs) {
      if (late(run, now)) {
        sendBack(run)
        used += 1
        continue
      }
      room = board(run, batch, room)
      if (run.next < run.travellers.length) break
      used += 1
    }
    runs.splice(0, used)
    return batch
  }

  /** Moves what fits from a run into the batch; answers the bytes that are left. */
  function board(run: Run, batch: Traveller[], room: number): number {
    let left = room
    while (run.next < run.travellers.length && batch.length < limits.maxEvents) {
      const traveller = run.travellers[run.next]
      if (!traveller) break
      const size = sizeOf(traveller)
      if (size > left && batch.length > 0) return left
      batch.push(traveller)
      left -= size
      remove(run, size)
    }
    return left
  }

  function returnLate(now: number): void {
    for (const run of runs) if (late(run, now)) sendBack(run)
    runs = runs.filter((run) => run.next < run.travellers.length)
  }

  function sendBack(run: Run): void {
    while (run.next < run.travellers.length) {
      const traveller = run.travellers[run.next]
      if (!traveller) return
      remove(run, sizeOf(traveller))
      run.party.arrived(traveller, retry(lateReason()))
    }
  }

  function remove(run: Run, size: number): void {
    run.next += 1
    events -= 1
    bytes -= size
  }
}

function late(run: Run, now: number): boolean {
  return now >= run.party.deliverBy
}

function sizeOf(traveller: Traveller): number {
  return traveller.event.bytes + BRACKET_BYTES
}
