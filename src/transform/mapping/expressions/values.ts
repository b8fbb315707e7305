import { Duration } from '@marcbachmann/cel-js/evaluator'
import { isRawNumber, mayLoseNumbers, parseExactly } from './exact-numbers.ts'
import type { Site } from './expression-error.ts'
import { isType } from './kinds.ts'

const NANOS = 1_000_000_000n

/**
 * Returns the value of a line as an expression sees it, with exact numbers. `value` is the value
 * that JSON.parse made of `json`.
 */
export function celValueOf(value: unknown, json: string): unknown {
  return mayLoseNumbers(json) ? parseExactly(json) : value
}

/**
 * Returns the JSON value of a value of CEL: integers up to 2^53 are numbers, larger ones bigints; a
 * time is ISO 8601, a duration seconds with an `s`, bytes are base64. It is a copy.
 */
export function plainOf(value: unknown, site: Site): unknown {
  if (typeof value === 'bigint') return plainInteger(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((element) => plainOf(element, site))
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Duration) return secondsOf(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (isRawNumber(value)) return value
  if (isType(value)) throw site.error('a type has no JSON')
  return plainObject(value, site)
}

function plainObject(value: object, site: Site): unknown {
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, plainOf(member, site)]),
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
  return hasBigInt(value) ? JSON.stringify(value, integerAsRaw) : JSON.stringify(value)
}

function hasBigInt(value: unknown): boolean {
  if (typeof value === 'bigint') return true
  if (typeof value !== 'object' || value === null) return false
  for (const member of Object.values(value)) if (hasBigInt(member)) return true
  return false
}

function integerAsRaw(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value
}
