/** The amount of data in a text. */
export interface Extent {
  /** The number of lines that are not blank, or of elements. */
  readonly items: number
  /** The longest of them. */
  readonly longest: Longest
}

/** A line or element, as far as its size matters. */
interface Longest {
  readonly bytes: number
  /** The number of its control characters. */
  readonly controls: number
}

/**
 * The copies of a text that becomes one dead letter: the text itself, in UTF-16 perhaps, and JSON
 * twice.
 */
const LETTER_COPIES = 6
/**
 * The copies of control characters. JSON writes each with six bytes, in a text and in the bytes
 * made of it.
 */
const COPIES_OF_CONTROLS = 12
const FIRST_PRINTABLE = 0x20

/**
 * The memory of an event under way: its object, line, texts, and garbage. Measured with events of
 * 112 bytes and with lines `1`.
 */
const UNDER_WAY_BYTES = 700
/** The copies of a text: the strings made of the bytes, and the text that is sent. */
const COPIES = 2
/** The most memory of events under way, however many a message has: see `pipeline.ts`. */
const MOST_UNDER_WAY_BYTES = 24 * 1024 * 1024
/**
 * The memory of an event until its message is settled: its place, its outcome, and the source of
 * its id.
 */
const SETTLED_BYTES = 52
/**
 * The footprint of a text with one small item: the bytes of its event, and those of the text so many
 * times. `footprintOf` says the same.
 */
export const ONLY_ITEM_BYTES = UNDER_WAY_BYTES + SETTLED_BYTES
export const ONLY_ITEM_COPIES = 1 + COPIES
/** The largest text that is parsed, in 100 ms at most. */
export const MOST_PARSED_BYTES = 4 * 1024 * 1024
/** The size below which an item does not matter: items are read one after the other. */
const LARGE_ITEM_BYTES = 1024 * 1024
/**
 * The size up to which the control characters of an item are counted, in 16 ms. A longer item
 * counts as if it had nothing else.
 */
const COUNTED_BYTES = 16 * 1024 * 1024

/** Whether an item is so long that its letter counts. */
export function isLarge(bytes: number): boolean {
  return bytes >= LARGE_ITEM_BYTES
}

/** Estimates the same when no large item becomes a letter: such an item is not even read. */
export function tightFootprintOf(bytes: number, { items, longest }: Extent): number {
  const read = Math.min(longest.bytes, MOST_PARSED_BYTES)
  return footprintOf(bytes, { items, longest: { bytes: read, controls: 0 } })
}

/**
 * Estimates the memory that a text of `bytes` bytes and its events take until their message is
 * settled. The estimate is on the high side.
 */
export function footprintOf(bytes: number, { items, longest }: Extent): number {
  const underWay = COPIES * bytes + UNDER_WAY_BYTES * Math.max(1, items)
  const letter = LETTER_COPIES * longest.bytes + COPIES_OF_CONTROLS * longest.controls
  const largest = isLarge(longest.bytes) ? letter : 0
  return bytes + Math.min(underWay, MOST_UNDER_WAY_BYTES) + SETTLED_BYTES * items + largest
}

/**
 * Measures the item from `start` up to `end`. The control characters of a small item do not matter.
 */
export function sizeOf(bytes: Uint8Array, start: number, end: number): Longest {
  const size = end - start
  let controls = 0
  if (!isLarge(size)) return { bytes: size, controls }
  if (size > COUNTED_BYTES) return { bytes: size, controls: size }
  for (let at = start; at < end; at++) if ((bytes[at] ?? 0) < FIRST_PRINTABLE) controls += 1
  return { bytes: size, controls }
}
