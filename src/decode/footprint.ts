import { MOST_PARSED_BYTES } from './parse-json.ts'

/** How much there is to read in a text. */
export interface Extent {
  /** Lines that are not blank, or elements. */
  readonly items: number
  /** The longest of them. */
  readonly longest: Longest
}

/** A line or element, as far as its size matters. */
interface Longest {
  readonly bytes: number
  /** Of which are control characters. */
  readonly controls: number
}

/** A text that becomes one dead letter is there as itself, in UTF-16 perhaps, and as JSON twice. */
const LETTER_COPIES = 6
/** JSON writes a control character with six bytes, in a text and in the bytes made of it. */
const COPIES_OF_CONTROLS = 12
const FIRST_PRINTABLE = 0x20

/** Measured with 112-byte events and with lines `1`: traveller, line, texts, and what GC leaves. */
const UNDER_WAY_BYTES = 700
/** The strings made of the bytes, and what is sent. */
const COPIES = 2
/** However many events a message has, no more of them are under way at once: see `pipeline.ts`. */
const MOST_UNDER_WAY_BYTES = 24 * 1024 * 1024
/** What stays of an event until its message is settled: its place, its outcome, what its id is made of. */
const SETTLED_BYTES = 52
/** An item below this size is no matter: items are read one after the other. */
const LARGE_ITEM_BYTES = 1024 * 1024
/** The control characters of an item are counted up to this size: 16 ms. A longer one is taken for them. */
const COUNTED_BYTES = 16 * 1024 * 1024

/** Whether an item is so long that its letter counts. */
export function isLarge(bytes: number): boolean {
  return bytes >= LARGE_ITEM_BYTES
}

/** The same when no large item becomes a letter: what is not parsed is not even read. */
export function tightFootprintOf(bytes: number, { items, longest }: Extent): number {
  const read = Math.min(longest.bytes, MOST_PARSED_BYTES)
  return footprintOf(bytes, { items, longest: { bytes: read, controls: 0 } })
}

/**
 * What a text of `bytes` bytes and its events take of the memory, until their message is settled:
 * estimated on the high side.
 */
export function footprintOf(bytes: number, { items, longest }: Extent): number {
  const underWay = COPIES * bytes + UNDER_WAY_BYTES * Math.max(1, items)
  const letter = LETTER_COPIES * longest.bytes + COPIES_OF_CONTROLS * longest.controls
  const largest = isLarge(longest.bytes) ? letter : 0
  return bytes + Math.min(underWay, MOST_UNDER_WAY_BYTES) + SETTLED_BYTES * items + largest
}

/** The size of the item from `start` up to `end`. The characters of a common one are no matter. */
export function sizeOf(bytes: Uint8Array, start: number, end: number): Longest {
  let controls = 0
  if (!isLarge(end - start)) return { bytes: end - start, controls }
  if (end - start > COUNTED_BYTES) return { bytes: end - start, controls: end - start }
  for (let at = start; at < end; at++) if ((bytes[at] ?? 0) < FIRST_PRINTABLE) controls += 1
  return { bytes: end - start, controls }
}
