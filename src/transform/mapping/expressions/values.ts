import { Duration } from '@marcbachmann/cel-js/evaluator'
import { isRawNumber, mayLoseNumbers } from './exact-numbers.ts'
import { isType } from './kinds.ts'
import { parseExactly } from './parse-exactly.ts'
import { type At, listingWork, spend } from './part.ts'

const NANOS = 1_000_000_000n
/** The work of copying an element of a list, and of writing it later. */
const ELEMENT = 20

/**
 * Returns the value of a line as an expression sees it, with exact numbers. `value` is the value
 * that JSON.parse made of `json`.
 */
export function celValueOf(value: unknown, json: string): unknown {
  return mayLoseNumbers(json) ? parseExactly(json) : value
}

/**
 * Returns the JSON value of a value of CEL: integers up to 2^53 are numbers, larger ones bigints; a
 * time is ISO 8601, a duration seconds with an `s`, bytes are base64. It is a copy. A value may
 * stand in it many times, so the copy counts as work.
 */
export function plainOf(value: unknown, at: At): unknown {
  if (typeof value === 'string') return counted(value, at)
  if (typeof value === 'bigint') return plainInteger(value)
  return typeof value === 'object' && value !== null ? plainObject(value, at) : value
}

function counted(text: string, { frame, site }: At): string {
  spend(frame, text.length, site)
  return text
}

function plainObject(value: object, at: At): unknown {
  if (Array.isArray(value)) return plainList(value, at)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Duration) return secondsOf(value)
  if (value instanceof Uint8Array) return counted(Buffer.from(value).toString('base64'), at)
  if (isRawNumber(value)) return value
  if (isType(value)) throw at.site.error('a type has no JSON')
  return plainMembers(value, at)
}

function plainList(list: readonly unknown[], at: At): unknown[] {
  spend(at.frame, list.length * ELEMENT, at.site)
  return list.map((element) => plainOf(element, at))
}

function plainMembers(object: object, at: At): unknown {
  spend(at.frame, 4 * listingWork(Object.keys(object).length), at.site)
  return Object.fromEntries(
    Object.entries(object).map(([key, member]) => [key, plainOf(member, at)]),
  )
}

function plainInteger(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Returns a duration as protobuf writes it in JSON: `1.5s`. */
function secondsOf({ seconds, nanos }: Duration): string {
  const total = seconds * NANOS + BigInt(nanos)
  const [sign, size] = total < 0n ? ['-', -total] : ['', total]
  const fraction = String(size % NANOS)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${sign}${size / NANOS}${fraction === '' ? '' : `.${fraction}`}s`
}

/**
 * Returns the JSON of a plain value, with bigints and raw numbers to the last digit. Throws a
 * RangeError for a value that is nested some thousand levels deep.
 */
export function writeJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    // JSON.stringify knows no bigint. To look for one first would double the time of every event.
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, integerAsRaw)
  }
}

function integerAsRaw(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value
}
