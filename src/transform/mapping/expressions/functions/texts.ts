import { type At, spend } from '../part.ts'
import { binary, type CelFunction, count, list, ternary, text, unary } from './function.ts'
import { scanned, searched, sizeOf, unitAt } from './search.ts'

/** The most parts that a text is split into. */
const MOST_PARTS = 10_000
/** The work of replacing one part of a text. */
const REPLACING = 50

/** The functions of texts. A question about null is answered with no; all else is null then. */
export const TEXT_FUNCTIONS: Readonly<Record<string, readonly CelFunction[]>> = {
  contains: [
    binary([text, text], (whole, part, at) => searched(whole, part, at).includes(part), false),
  ],
  startsWith: [binary([text, text], (whole, part) => whole.startsWith(part), false)],
  endsWith: [binary([text, text], (whole, part) => whole.endsWith(part), false)],
  indexOf: [
    binary([text, text], (whole, part, at) => indexOf([whole, part, 0], at)),
    ternary([text, text, count], indexOf),
  ],
  lastIndexOf: [
    binary([text, text], (whole, part, at) => lastIndexOf([whole, part, whole.length], at)),
    ternary([text, text, count], lastIndexOf),
  ],
  substring: [
    binary([text, count], (whole, start, at) => substring([whole, start, whole.length], at)),
    ternary([text, count, count], substring),
  ],
  replace: [ternary([text, text, text], replace)],
  split: [
    binary([text, text], (whole, separator, at) => partsOf(whole, separator, at)),
    ternary([text, text, count], split),
  ],
  join: [unary(list, (parts, at) => join(parts, '', at)), binary([list, text], join)],
  trim: [unary(text, (whole, at) => scanned(whole, at).trim())],
  lower: [unary(text, (whole, at) => scanned(whole, at).toLowerCase())],
  upper: [unary(text, (whole, at) => scanned(whole, at).toUpperCase())],
  lowerAscii: [
    unary(text, (whole, at) => scanned(whole, at).replace(/[A-Z]+/g, (part) => part.toLowerCase())),
  ],
  upperAscii: [
    unary(text, (whole, at) => scanned(whole, at).replace(/[a-z]+/g, (part) => part.toUpperCase())),
  ],
}

function indexOf([whole, part, from]: readonly [string, string, number], at: At): bigint {
  const unit = searched(whole, part, at).indexOf(part, unitAt(whole, from))
  return unit === -1 ? -1n : BigInt(sizeOf(whole.slice(0, unit)))
}

function lastIndexOf([whole, part, from]: readonly [string, string, number], at: At): bigint {
  const unit = searched(whole, part, at).lastIndexOf(part, unitAt(whole, from))
  return unit === -1 ? -1n : BigInt(sizeOf(whole.slice(0, unit)))
}

function substring([whole, start, end]: readonly [string, number, number], at: At): string {
  scanned(whole, at)
  return whole.slice(unitAt(whole, start), unitAt(whole, end))
}

function replace([whole, part, by]: readonly [string, string, string], at: At): string {
  const { frame, site } = at
  const work = REPLACING + by.length
  if (part === '') {
    spend(frame, whole.length * work, site)
    return ['', ...whole, ''].join(by)
  }
  return searched(whole, part, at).replaceAll(part, () => {
    spend(frame, work, site)
    return by
  })
}

function partsOf(whole: string, separator: string, at: At): string[] {
  const units = searched(whole, separator, at)
  const parts =
    separator === ''
      ? Array.from(units.slice(0, 2 * MOST_PARTS + 1))
      : units.split(separator, MOST_PARTS + 1)
  if (parts.length > MOST_PARTS) throw at.site.error(`the text has more than ${MOST_PARTS} parts`)
  spend(at.frame, parts.length * 10, at.site)
  return parts
}

/** Splits a text into `most` parts at most, of which the last is the rest; into all below 0. */
function split([whole, separator, most]: readonly [string, string, number], at: At): string[] {
  if (most === 0) return []
  const parts = partsOf(whole, separator, at)
  if (most < 0 || parts.length <= most) return parts
  return [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)]
}

function join(parts: readonly unknown[], separator: string, at: At): string {
  const texts = parts.map((part) => text(part, at.site))
  const length = texts.reduce((sum, part) => sum + part.length + separator.length, 0)
  spend(at.frame, length + texts.length * 20, at.site)
  return texts.join(separator)
}
