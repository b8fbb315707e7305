import { STRETCH_BYTES } from '../lib/json-bytes.ts'
import { spaceIn, trimmedEndIn } from '../lib/white-space.ts'

const LINE_FEED = 0x0a

/** Takes the next line, or says `false`: no more are wanted. */
export type TakeLine = (number: number, start: number, end: number) => boolean

/**
 * Hands out the lines of a text that are not blank, with their numbers from 1 and without the white
 * space around them, and pauses after each stretch.
 */
export function* linesIn(bytes: Buffer, take: TakeLine): Generator<void, void> {
  let number = 1
  let pauseAt = STRETCH_BYTES
  for (let at = 0; at < bytes.length; ) {
    if (at >= pauseAt) {
      pauseAt = at + STRETCH_BYTES
      yield
    }
    const space = spaceIn(bytes, at)
    if (space > 0) {
      if (bytes[at] === LINE_FEED) number += 1
      at += space
      continue
    }
    const lineFeed = bytes.indexOf(LINE_FEED, at)
    const end = lineFeed === -1 ? bytes.length : lineFeed
    if (!take(number, at, trimmedEndIn(bytes, at, end))) return
    at = end
  }
}
