import { Duration } from '@marcbachmann/cel-js/evaluator'
import { isRawNumber } from './exact-numbers.ts'
import { isKeyed } from './kinds.ts'
import { type CelNumber, isNumber } from './numbers.ts'
import { type At, listingWork, spend } from './part.ts'

/** Whether two values are equal. Values of different kinds are not; an integer equals its double. */
export function isEqual(one: unknown, other: unknown, at: At): boolean {
  if (typeof one === 'string') return typeof other === 'string' && isSameText(one, other, at)
  if (isNumber(one)) return isNumber(other) && isSameNumber(one, other)
  if (Array.isArray(one)) return Array.isArray(other) && isEqualList(one, other, at)
  if (one instanceof Date) return other instanceof Date && one.getTime() === other.getTime()
  if (one instanceof Duration) return other instanceof Duration && nanosOf(one) === nanosOf(other)
  if (one instanceof Uint8Array) return other instanceof Uint8Array && isSameBytes(one, other, at)
  if (isRawNumber(one)) return isRawNumber(other) && one.rawJSON === other.rawJSON
  return isKeyed(one) ? isKeyed(other) && isEqualKeyed(one, other, at) : one === other
}

/** JavaScript compares a double and a bigint exactly, but for `===`. */
function isSameNumber(one: CelNumber, other: CelNumber): boolean {
  return one <= other && one >= other
}

function isSameText(one: string, other: string, { frame, site }: At): boolean {
  if (one.length !== other.length) return false
  spend(frame, one.length >> 3, site)
  return one === other
}

function isEqualList(one: readonly unknown[], other: readonly unknown[], at: At): boolean {
  if (one.length !== other.length) return false
  spend(at.frame, one.length * 10, at.site)
  return one.every((element, index) => isEqual(element, other[index], at))
}

function isSameBytes(one: Uint8Array, other: Uint8Array, { frame, site }: At): boolean {
  spend(frame, one.length, site)
  return Buffer.compare(one, other) === 0
}

function isEqualKeyed(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
  at: At,
): boolean {
  const keys = Object.keys(one)
  spend(at.frame, 3 * listingWork(keys.length), at.site)
  if (keys.length !== Object.keys(other).length) return false
  return keys.every((key) => Object.hasOwn(other, key) && isEqual(one[key], other[key], at))
}

/** Returns the length of a duration in nanoseconds. */
export function nanosOf({ seconds, nanos }: Duration): bigint {
  return seconds * 1_000_000_000n + BigInt(nanos)
}

/** Whether `value` is in a list, or is a key of an object. Nothing is in null. */
export function isIn(value: unknown, whole: unknown, at: At): boolean {
  if (whole === null) return false
  if (Array.isArray(whole)) return isInList(value, whole, at)
  if (isKeyed(whole)) return typeof value === 'string' && Object.hasOwn(whole, value)
  throw at.site.error('the right side of `in` is neither a list nor an object')
}

function isInList(value: unknown, list: readonly unknown[], at: At): boolean {
  for (const element of list) {
    spend(at.frame, 5, at.site)
    if (isEqual(value, element, at)) return true
  }
  return false
}
