import { STRETCH_BYTES } from '../lib/json/bytes.ts'
import { findTrimmedEnd, spaceIn, trimmedEndInTurns } from '../lib/white-space.ts'

const LINE_FEED = 0x0a

/** Called with the place of the next line. It returns `false` when no more lines are wanted. */
export type TakeLine = (number: number, start: number, end: number) => boolean

/**
 * Passes the lines of a text that are not blank to `take`, with their numbers from 1 and without
 * the white space around them, and pauses after each stretch.
 */
export function* linesIn(bytes: Buffer, take: TakeLine): Generator<void, void> {
  const scan: Scan = { at: 0, number: 1 }
  for (let pauseAt = STRETCH_BYTES; ; ) {
    skipSpace(bytes, scan, pauseAt)
    if (scan.at >= bytes.length) return
    if (scan.at >= pauseAt) {
      pauseAt = scan.at + STRETCH_BYTES
      yield
      continue
    }
    const lineFeed = bytes.indexOf(LINE_FEED, scan.at)
    const end = lineFeed === -1 ? bytes.length : lineFeed
    const isLong = end - scan.at > STRETCH_BYTES
    const trimmed = isLong
      ? yield* trimmedEndInTurns(bytes, scan.at, end)
      : findTrimmedEnd(bytes, scan.at, end)
    if (!take(scan.number, scan.at, trimmed)) return
    scan.at = end
  }
}

/** The state of the scan of a text, and the number of the line at this place. */
interface Scan {
  at: number
  number: number
}

/** Moves to the next byte that is not white space, or to `until`. */
function skipSpace(bytes: Buffer, scan: Scan, until: number): void {
  let { at, number } = scan
  const last = Math.min(until, bytes.length)
  while (at < last) {
    const space = spaceIn(bytes, at)
    if (space === 0) break
    if (bytes[at] === LINE_FEED) number += 1
    at += space
  }
  Object.assign(scan, { at, number })
}
