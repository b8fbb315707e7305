import type { Site } from './expression-error.ts'

/** A number of an expression: a double, as in JSON, or an integer of 64 bits. */
export type CelNumber = number | bigint

export const ARITHMETIC = {
  '+': (one: number, other: number) => one + other,
  '-': (one: number, other: number) => one - other,
  '*': (one: number, other: number) => one * other,
  '/': (one: number, other: number) => one / other,
  '%': (one: number, other: number) => one % other,
}

const EXACT: Readonly<Record<ArithmeticOperator, (one: bigint, other: bigint) => bigint>> = {
  '+': (one, other) => one + other,
  '-': (one, other) => one - other,
  '*': (one, other) => one * other,
  '/': (one, other) => one / other,
  '%': (one, other) => one % other,
}

export type ArithmeticOperator = keyof typeof ARITHMETIC

export function isNumber(value: unknown): value is CelNumber {
  return typeof value === 'number' || typeof value === 'bigint'
}

export function isArithmetic(operator: string): operator is ArithmeticOperator {
  return Object.hasOwn(ARITHMETIC, operator)
}

/**
 * Works out two numbers. Two integers of CEL give an integer. With a double, as JSON has them, the
 * result is a double, or the exact integer when both numbers are whole and it lies past 2^53.
 */
export function calculate(
  operator: ArithmeticOperator,
  [one, other]: readonly [CelNumber, CelNumber],
  site: Site,
): CelNumber {
  if (isZero(other) && (operator === '/' || operator === '%')) throw site.error('division by zero')
  if (typeof one === 'bigint' && typeof other === 'bigint') {
    return in64Bits(EXACT[operator](one, other), site)
  }
  const result = ARITHMETIC[operator](Number(one), Number(other))
  if (operator === '/') return rounded(result, [one, other], site)
  if (isWhole(one) && isWhole(other)) {
    const isExact = isSafe(one) && isSafe(other) && Number.isSafeInteger(result)
    return isExact ? result : exactly(operator, [one, other], site)
  }
  if (operator === '%') throw site.error('`%` takes whole numbers')
  return rounded(result, [one, other], site)
}

function isZero(number: CelNumber): boolean {
  return number === 0 || number === 0n
}

/** Whether a number is an integer that is known to the last digit. */
function isWhole(number: CelNumber): boolean {
  return typeof number === 'bigint' || Number.isSafeInteger(number)
}

function isSafe(number: CelNumber): boolean {
  return Number.isSafeInteger(Number(number))
}

function exactly(
  operator: ArithmeticOperator,
  [one, other]: readonly [CelNumber, CelNumber],
  site: Site,
): CelNumber {
  const result = in64Bits(EXACT[operator](BigInt(one), BigInt(other)), site)
  const double = Number(result)
  return Number.isSafeInteger(double) ? double : result
}

/** Refuses a result for which an integer past 2^53 was rounded. */
function rounded(result: number, numbers: readonly CelNumber[], site: Site): number {
  if (numbers.some((number) => typeof number === 'bigint' && !isSafe(number))) {
    throw site.error('an integer past 2^53 and a fraction have no exact result')
  }
  if (!Number.isFinite(result)) throw site.error('the result is too large for a number')
  return result
}

function in64Bits(integer: bigint, site: Site): bigint {
  if (BigInt.asIntN(64, integer) !== integer) throw site.error('the result has more than 64 bits')
  return integer
}
