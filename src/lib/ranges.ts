import type { LineRange } from '../model/message.ts'

/** A growing set of whole numbers, whose text stays short. */
export interface Ranges {
  /** Adds a number that is not below the last one. */
  add(number: number): void
  /** Adds all numbers from the last one on. */
  endless(): void
  /** Returns the ranges in ascending order, such as `1-5,9`. */
  text(): string
}

const RANGES = /^\d{1,9}(?:-\d{1,9})?(?:,\d{1,9}(?:-\d{1,9})?)*$/
/** The end of a range that has none. No text has this many lines. */
export const TO_THE_END = 999_999_999
/** The most ranges that are held at once, before the nearest are joined. */
const MOST_RANGES = 4_096

/**
 * Makes an empty set. When the numbers lie too far apart for a text of `maxLength` characters, the
 * nearest ranges are joined. The text then names numbers that were not added, and leaves none out.
 */
export function createRanges(maxLength: number): Ranges {
  let ranges: LineRange[] = []

  return { add, endless, text }

  function add(number: number): void {
    const last = ranges.at(-1)
    if (last && number <= last.to + 1) ranges[ranges.length - 1] = { from: last.from, to: number }
    else ranges.push({ from: number, to: number })
    if (ranges.length > MOST_RANGES) ranges = joinNearest(ranges, MOST_RANGES / 2)
  }

  function endless(): void {
    const last = ranges.at(-1)
    if (last) ranges[ranges.length - 1] = { from: last.from, to: TO_THE_END }
  }

  function text(): string {
    let written = ranges.map(formatRange).join()
    while (written.length > maxLength && ranges.length > 1) {
      const share = Math.floor((ranges.length * maxLength) / written.length)
      ranges = joinNearest(ranges, Math.max(1, Math.min(ranges.length - 1, share)))
      written = ranges.map(formatRange).join()
    }
    return written
  }
}

/** Reads the ranges in a text as `Ranges` writes it; `undefined` when it is not such a text. */
export function parseRanges(text: string): readonly LineRange[] | undefined {
  if (!RANGES.test(text)) return undefined
  const ranges = text.split(',').map((one) => {
    const [from = 0, to = from] = one.split('-').map(Number)
    return { from, to }
  })
  const ascend = ranges.every(({ from, to }, at) => from <= to && from > (ranges[at - 1]?.to ?? -1))
  return ascend ? ranges : undefined
}

/**
 * Makes a test for whether a number lies in one of the ranges. The numbers must come in ascending
 * order.
 */
export function createRangeTest(ranges: readonly LineRange[]): (number: number) => boolean {
  let at = 0
  return function isInRanges(number) {
    while (at < ranges.length && (ranges[at]?.to ?? 0) < number) at += 1
    return (ranges[at]?.from ?? Number.POSITIVE_INFINITY) <= number
  }
}

/** Joins ranges at the narrowest gaps, so that `count` are left. */
function joinNearest(ranges: readonly LineRange[], count: number): LineRange[] {
  const gapBefore = (at: number) => (ranges[at]?.from ?? 0) - (ranges[at - 1]?.to ?? 0)
  const cuts = Array.from({ length: ranges.length - 1 }, (_, at) => at + 1)
    .sort((one, other) => gapBefore(other) - gapBefore(one))
    .slice(0, count - 1)
    .sort((one, other) => one - other)
  return [0, ...cuts].map((start, at) => {
    const end = (cuts[at] ?? ranges.length) - 1
    return { from: ranges[start]?.from ?? 0, to: ranges[end]?.to ?? 0 }
  })
}

function formatRange({ from, to }: LineRange): string {
  return from === to ? `${from}` : `${from}-${to}`
}
