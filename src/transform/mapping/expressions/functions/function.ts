import type { Site } from '../expression-error.ts'
import { KIND_WORDS, kindOf } from '../kinds.ts'
import type { At } from '../part.ts'

/** A function of CEL. It is called as `f(x, y)` or as `x.f(y)`. */
export interface CelFunction {
  readonly arity: number
  /** The result when an argument is null. `apply` never sees null. */
  readonly ofNull: unknown
  apply(args: readonly unknown[], at: At): unknown
}

/** Reads an argument. Throws an `ExpressionError` for a value of another kind. */
export type Read<T> = (value: unknown, site: Site) => T

export function unary<A>(
  read: Read<A>,
  apply: (a: A, at: At) => unknown,
  ofNull: unknown = null,
): CelFunction {
  return { arity: 1, ofNull, apply: ([a], at) => apply(read(a, at.site), at) }
}

export function binary<A, B>(
  [first, second]: readonly [Read<A>, Read<B>],
  apply: (a: A, b: B, at: At) => unknown,
  ofNull: unknown = null,
): CelFunction {
  return {
    arity: 2,
    ofNull,
    apply: ([a, b], at) => apply(first(a, at.site), second(b, at.site), at),
  }
}

export function ternary<A, B, C>(
  [first, second, third]: readonly [Read<A>, Read<B>, Read<C>],
  apply: (values: readonly [A, B, C], at: At) => unknown,
): CelFunction {
  return {
    arity: 3,
    ofNull: null,
    apply: ([a, b, c], at) => apply([first(a, at.site), second(b, at.site), third(c, at.site)], at),
  }
}

export const anything: Read<unknown> = (value) => value

export const text: Read<string> = (value, site) => {
  if (typeof value === 'string') return value
  throw unexpected(value, 'a text', site)
}

export const list: Read<readonly unknown[]> = (value, site) => {
  if (Array.isArray(value)) return value
  throw unexpected(value, 'a list', site)
}

/** A whole number, small enough to count with. */
export const count: Read<number> = (value, site) => {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number
  throw unexpected(value, 'a whole number', site)
}

export function unexpected(value: unknown, due: string, site: Site): Error {
  return site.error(`${due} is due here, and this is ${KIND_WORDS[kindOf(value)]}`)
}
