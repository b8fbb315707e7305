import { findTrimmedEnd } from '../lib/white-space.ts'
import type { Body, Place } from '../model/event.ts'
import { parseText } from './parse-line.ts'

/** The size of a text of one line that is parsed before anything else. */
const SMALL_BYTES = 20 * 1024
const LINE_FEED = 0x0a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Finds the one event of a small text on one line, as in most messages; `undefined` for other
 * texts. Its text and value are returned once, as by `linesOf`.
 */
export function findOnlyLine({ bytes, isUtf8 }: Body): Iterable<Place> | undefined {
  const { length } = bytes
  if (bytes[0] !== OPEN_BRACE || length > SMALL_BYTES || !isUtf8) return undefined
  if (bytes.includes(LINE_FEED)) return undefined
  const end = bytes[length - 1] === CLOSE_BRACE ? length : findTrimmedEnd(bytes, 0, length)
  const text = bytes.toString('utf8', 0, end)
  const parsed = parseText(text)
  if (parsed.kind !== 'json') return undefined
  const place = { number: 1, start: 0, end }
  let next: Place = { ...place, text, parsed }
  return {
    [Symbol.iterator]() {
      const line = next
      next = place
      return [line].values()
    },
  }
}
