import { skipSpace } from '../../../lib/json/scan.ts'
import { scalarText } from './names.ts'
import { COLON, endOfString, endOfWord, QUOTE } from './value-end.ts'

/** Yields the texts of the values in a JSON value, without the names of members. */
export function* scalarsIn(raw: string): Generator<string> {
  for (let at = 0; at < raw.length; ) {
    const isText = raw.charCodeAt(at) === QUOTE
    const end = isText ? endOfString(raw, at) : endOfWord(raw, at)
    if (end === undefined) {
      at += 1
      continue
    }
    const isName = isText && raw.charCodeAt(skipSpace(raw, end)) === COLON
    if (!isName) yield scalarText(raw.slice(at, end))
    at = end
  }
}
