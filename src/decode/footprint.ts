import type { Extent } from './text-form.ts'

/** Measured with 112-byte events and with lines `1`: traveller, line, texts, and what GC leaves. */
const UNDER_WAY_BYTES = 700
/** The strings made of the bytes, and what is sent. */
const COPIES = 2
/** However many events a message has, no more of them are under way at once: see `pipeline.ts`. */
const MOST_UNDER_WAY_BYTES = 24 * 1024 * 1024
/** What stays of an event until its message is settled: its outcome, and what ids are made of. */
const SETTLED_BYTES = 40

/**
 * What a text of `bytes` bytes and its events take of the memory, until their message is settled:
 * estimated before anything is parsed, and on the high side.
 */
export function footprintOf(bytes: number, { items, largest }: Extent): number {
  const underWay = COPIES * bytes + UNDER_WAY_BYTES * Math.max(1, items)
  return bytes + Math.min(underWay, MOST_UNDER_WAY_BYTES) + SETTLED_BYTES * items + largest
}
