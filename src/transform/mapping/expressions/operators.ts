import { Duration } from '@marcbachmann/cel-js/evaluator'
import { isEqual, isIn, nanosOf } from './equality.ts'
import { KIND_WORDS, kindOf } from './kinds.ts'
import {
  type ArithmeticOperator,
  type CelNumber,
  calculate,
  isArithmetic,
  isNumber,
} from './numbers.ts'
import { type At, spend } from './part.ts'

/** Works out an operator between two values. */
export type Operate = (one: unknown, other: unknown, at: At) => unknown

const ORDERS: Readonly<Record<string, (sign: number) => boolean>> = {
  '<': (sign) => sign < 0,
  '<=': (sign) => sign <= 0,
  '>': (sign) => sign > 0,
  '>=': (sign) => sign >= 0,
}

/** Returns the operation of a binary operator of CEL, except `==`, `&&` and `||`. */
export function operationOf(operator: string): Operate {
  if (operator === '!=') return (one, other, at) => !isEqual(one, other, at)
  if (operator === 'in') return isIn
  const holds = ORDERS[operator]
  if (holds !== undefined) return (one, other, at) => holds(signOf(one, other, at))
  if (!isArithmetic(operator)) throw new Error(`CEL has no operator ${operator}`)
  return operator === '+' ? add : (one, other, at) => arithmetic(operator, one, other, at)
}

/** Compares two numbers, texts, times or durations: negative, 0 or positive. */
function signOf(one: unknown, other: unknown, at: At): number {
  if (isNumber(one) && isNumber(other)) return signOfOrdered(one, other)
  if (typeof one === 'string' && typeof other === 'string') {
    spend(at.frame, Math.min(one.length, other.length) >> 3, at.site)
    return signOfOrdered(one, other)
  }
  if (typeof one === 'boolean' && typeof other === 'boolean') return Number(one) - Number(other)
  if (one instanceof Date && other instanceof Date) return one.getTime() - other.getTime()
  if (one instanceof Duration && other instanceof Duration) {
    return signOfOrdered(nanosOf(one), nanosOf(other))
  }
  throw at.site.error(`${wordsOf(one, other)} have no order`)
}

function signOfOrdered<T extends CelNumber | string>(one: T, other: T): number {
  if (one < other) return -1
  return one > other ? 1 : 0
}

function add(one: unknown, other: unknown, at: At): unknown {
  if (typeof one === 'string' && typeof other === 'string') {
    spend(at.frame, one.length + other.length, at.site)
    return one + other
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    spend(at.frame, (one.length + other.length) * 10, at.site)
    return [...one, ...other]
  }
  if (one instanceof Uint8Array && other instanceof Uint8Array) {
    spend(at.frame, one.length + other.length, at.site)
    return Buffer.concat([one, other])
  }
  return arithmetic('+', one, other, at)
}

function arithmetic(operator: ArithmeticOperator, one: unknown, other: unknown, at: At): unknown {
  if (isNumber(one) && isNumber(other)) return calculate(operator, [one, other], at.site)
  const moved = operator === '+' || operator === '-' ? ofTimes(operator, one, other) : undefined
  if (moved === undefined)
    throw at.site.error(`\`${operator}\` does not take ${wordsOf(one, other)}`)
  if (moved instanceof Date && Number.isNaN(moved.getTime())) {
    throw at.site.error('the time is beyond the calendar')
  }
  return moved
}

/** Adds or subtracts times and durations; `undefined` for other values. */
function ofTimes(operator: '+' | '-', one: unknown, other: unknown): Date | Duration | undefined {
  const adds = operator === '+'
  if (one instanceof Date && other instanceof Duration) {
    return adds ? other.extendTimestamp(one) : other.subtractTimestamp(one)
  }
  if (one instanceof Duration && other instanceof Duration) {
    return adds ? one.addDuration(other) : one.subtractDuration(other)
  }
  if (one instanceof Duration && other instanceof Date && adds) return one.extendTimestamp(other)
  if (one instanceof Date && other instanceof Date && !adds) {
    return Duration.fromMilliseconds(one.getTime() - other.getTime())
  }
  return undefined
}

function wordsOf(one: unknown, other: unknown): string {
  return `${KIND_WORDS[kindOf(one)]} and ${KIND_WORDS[kindOf(other)]}`
}
