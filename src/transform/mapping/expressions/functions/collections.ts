import { shapeOf } from '../../../../lib/json/scan.ts'
import { mayLoseNumbers } from '../exact-numbers.ts'
import { isKeyed } from '../kinds.ts'
import { parseExactly } from '../parse-exactly.ts'
import { type At, listingWork, spend } from '../part.ts'
import { anything, type CelFunction, list, ternary, text, unary, unexpected } from './function.ts'
import { sizeOf } from './search.ts'

/** The structure that `json` reads: that of a large row, ten milliseconds to parse. */
const MOST_JSON = { depth: 500, parts: 20_000 }
/** The work for a character of JSON. */
const CHARACTER = 4
/** The work for a part: a name that no object had before, or a number that a double cannot hold. */
const PART = 100
const EXACT_PART = 600
/** The work for a text that is no JSON: a parser that fails is slow. */
const FAILING = 15_000

export const COLLECTION_FUNCTIONS: Readonly<Record<string, readonly CelFunction[]>> = {
  size: [unary(anything, size, 0n)],
  json: [unary(anything, json)],
  pairs: [ternary([list, text, text], pairs)],
}

function size(value: unknown, { frame, site }: At): bigint {
  if (typeof value === 'string') {
    spend(frame, value.length * 2, site)
    return BigInt(sizeOf(value))
  }
  if (Array.isArray(value) || value instanceof Uint8Array) return BigInt(value.length)
  if (!isKeyed(value)) throw unexpected(value, 'a text, a list or an object', site)
  const keys = Object.keys(value).length
  spend(frame, listingWork(keys), site)
  return BigInt(keys)
}

/** Parses a text as JSON. A value that is no text stays as it is: some sources send both. */
function json(value: unknown, { frame, site }: At): unknown {
  if (typeof value !== 'string') return value
  spend(frame, value.length * CHARACTER, site)
  const { depth, parts } = shapeOf(value, MOST_JSON)
  if (depth > MOST_JSON.depth || parts > MOST_JSON.parts) {
    throw site.error(`the JSON has more than ${MOST_JSON.parts} parts or ${MOST_JSON.depth} levels`)
  }
  const isExact = mayLoseNumbers(value)
  spend(frame, (parts + 1) * (isExact ? EXACT_PART : PART), site)
  try {
    return isExact ? parseExactly(value) : JSON.parse(value)
  } catch {
    spend(frame, FAILING, site)
    throw site.error('the text is not JSON')
  }
}

/** Makes an object of a list of keys and values, as GA4 has them. The last of equal keys counts. */
function pairs(
  [elements, key, value]: readonly [readonly unknown[], string, string],
  at: At,
): unknown {
  spend(at.frame, elements.length * 200, at.site)
  const entries: [string, unknown][] = []
  for (const element of elements) {
    if (element === null) continue
    if (!isKeyed(element)) throw unexpected(element, 'a list of objects', at.site)
    const name = memberOf(element, key)
    if (name !== null) entries.push([text(name, at.site), typedValue(memberOf(element, value))])
  }
  return Object.fromEntries(entries)
}

/**
 * Returns the value out of an object with a key for each type, such as `string_value`, of which one
 * is set.
 */
function typedValue(value: unknown): unknown {
  if (!isKeyed(value)) return value
  const entries = Object.entries(value)
  if (!entries.every(([type]) => type.endsWith('_value'))) return value
  return entries.find(([, typed]) => typed !== null)?.[1] ?? null
}

function memberOf(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return (Object.hasOwn(object, key) ? object[key] : undefined) ?? null
}
