import type { Clock } from '../lib/clock.ts'
import type { EventTotals, Totals } from './event-totals.ts'

export interface MinuteLineDeps {
  readonly eventTotals: Pick<EventTotals, 'snapshot' | 'beforeChange'>
  readonly clock: Pick<Clock, 'monotonic' | 'after'>
  readonly write: (minute: Minute) => void
}

/** The changes since the last line, and the event totals. */
export interface Minute {
  /** The changes of the event totals. */
  readonly delta: Totals
  readonly totals: Totals
  readonly publishToImportMs: Quantiles
}

/**
 * The ms from the publish time to the ack of the messages that were imported. A quantile is exact or
 * up to 9 % too high. No message has no quantile.
 */
export interface Quantiles {
  readonly p50?: number
  readonly p99?: number
  readonly count: number
}

/** Writes the event totals once for each minute that had traffic. The deltas add up to the totals. */
export interface MinuteLine {
  /** Notes traffic that changes no totals. */
  noteTraffic(): void
  /** Notes a message that was imported this long after it was published. */
  noteImport(ms: number): void
  /** Writes the last line; no line follows it. */
  close(): void
}

const MINUTE_MS = 60_000
/** The buckets of durations for each doubling: each ends 9 % above the one before. */
const BUCKETS_A_DOUBLING = 8
/** The last bucket has all that is longer than 2^31 ms, 25 days. */
const LAST_BUCKET = 31 * BUCKETS_A_DOUBLING + 1

/**
 * Makes a minute line. A minute begins with the first traffic after the last line. The timer does
 * not run while the instance is frozen, so traffic after an overdue line writes that line first.
 */
export function createMinuteLine({ eventTotals, clock, write }: MinuteLineDeps): MinuteLine {
  let written = eventTotals.snapshot()
  let dueAt = Number.POSITIVE_INFINITY
  let cancel = () => {}
  let closed = false
  const imports = new Uint32Array(LAST_BUCKET + 1)
  let longestMs = 0
  eventTotals.beforeChange(noteTraffic)

  return { noteTraffic, noteImport, close }

  function noteTraffic(): void {
    const now = clock.monotonic()
    if (now >= dueAt) writeLine()
    if (closed || dueAt !== Number.POSITIVE_INFINITY) return
    dueAt = now + MINUTE_MS
    cancel = clock.after(MINUTE_MS, writeLine)
  }

  function noteImport(ms: number): void {
    const bucket = Math.ceil(Math.log2(Math.max(1, ms)) * BUCKETS_A_DOUBLING)
    const place = Math.min(bucket, LAST_BUCKET)
    imports[place] = (imports[place] ?? 0) + 1
    if (ms > longestMs) longestMs = ms
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
    const delta = difference(totals, written)
    write({ delta, totals, publishToImportMs: quantilesOf(imports, longestMs) })
    written = totals
    imports.fill(0)
    longestMs = 0
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

function quantilesOf(buckets: Uint32Array, longestMs: number): Quantiles {
  const count = buckets.reduce((sum, one) => sum + one, 0)
  if (count === 0) return { count }
  return { p50: quantile(0.5), p99: quantile(0.99), count }

  /** Returns the end of the first bucket up to which this share of all durations lies. */
  function quantile(share: number): number {
    let left = share * count
    const bucket = buckets.findIndex((one) => {
      left -= one
      return left <= 0
    })
    const end = bucket === LAST_BUCKET ? longestMs : 2 ** (bucket / BUCKETS_A_DOUBLING)
    return Math.round(Math.min(end, longestMs))
  }
}
