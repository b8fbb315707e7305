import type { Clock } from '../lib/clock.ts'
import type { EventTotals, Totals } from './event-totals.ts'

export interface MinuteLineDeps {
  readonly eventTotals: Pick<EventTotals, 'snapshot' | 'beforeChange'>
  readonly clock: Pick<Clock, 'monotonic' | 'after'>
  /** Called with the changes of the event totals since the last line, and with the totals. */
  readonly write: (delta: Totals, totals: Totals) => void
}

/** Writes the event totals once for each minute that had traffic. The deltas add up to the totals. */
export interface MinuteLine {
  /** Notes traffic that changes no totals. */
  noteTraffic(): void
  /** Writes the last line; no line follows it. */
  close(): void
}

const MINUTE_MS = 60_000

/**
 * Makes a minute line. A minute begins with the first traffic after the last line. The timer does
 * not run while the instance is frozen, so traffic after an overdue line writes that line first.
 */
export function createMinuteLine({ eventTotals, clock, write }: MinuteLineDeps): MinuteLine {
  let written = eventTotals.snapshot()
  let dueAt = Number.POSITIVE_INFINITY
  let cancel = () => {}
  let closed = false
  eventTotals.beforeChange(noteTraffic)

  return { noteTraffic, close }

  function noteTraffic(): void {
    const now = clock.monotonic()
    if (now >= dueAt) writeLine()
    if (closed || dueAt !== Number.POSITIVE_INFINITY) return
    dueAt = now + MINUTE_MS
    cancel = clock.after(MINUTE_MS, writeLine)
  }

  function close(): void {
    if (closed) return
    closed = true
    writeLine()
  }

  function writeLine(): void {
    cancel()
    dueAt = Number.POSITIVE_INFINITY
    const totals = eventTotals.snapshot()
    write(difference(totals, written), totals)
    written = totals
  }
}

function difference(now: Totals, before: Totals): Totals {
  return {
    received: now.received - before.received,
    imported: now.imported - before.imported,
    dead_lettered: now.dead_lettered - before.dead_lettered,
    dropped: now.dropped - before.dropped,
    returned: now.returned - before.returned,
    pending: now.pending - before.pending,
  }
}
