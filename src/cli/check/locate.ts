/** A place in a text. Lines and columns count from 1, columns in UTF-16 code units. */
export interface Location {
  readonly line: number
  readonly column: number
}

/** Returns the place of a byte. The bytes must be asked for in order. */
export type Locate = (at: number) => Location

const LINE_FEED = 0x0a

/** Makes a `Locate` for a text whose first line has the number `firstLine`. */
export function createLocate(bytes: Buffer, firstLine: number): Locate {
  let line = firstLine
  let column = 1
  let seen = 0
  // It is kept: a long line with many places would be searched to its end for each of them.
  let lineEnd = bytes.indexOf(LINE_FEED)

  return function locate(at) {
    while (lineEnd !== -1 && lineEnd < at) {
      line += 1
      column = 1
      seen = lineEnd + 1
      lineEnd = bytes.indexOf(LINE_FEED, seen)
    }
    column += bytes.toString('utf8', seen, at).length
    seen = Math.max(seen, at)
    return { line, column }
  }
}
