import { ExpressionError, type Site } from './expression-error.ts'
import { KIND_WORDS, kindOf } from './kinds.ts'
import { type At, type Frame, type Run, spend } from './part.ts'

/** The work of an error that does not count. */
const CATCHING = 1_000

/** Returns whether a condition holds. Null does not hold. */
export function truthOf(value: unknown, site: Site): boolean {
  if (typeof value === 'boolean') return value
  if (value === null) return false
  throw site.error(`true or false is due here, and this is ${KIND_WORDS[kindOf(value)]}`)
}

/**
 * Makes `&&` or `||`. `decisive` is the value that decides it alone: then an error of the other
 * side does not count, as in CEL.
 */
export function either(sides: readonly [Run, Run], decisive: boolean, site: Site): Run {
  const [left, right] = sides

  return function decide(frame) {
    try {
      if (truthOf(left(frame), site) === decisive) return decisive
    } catch (error) {
      if (rightDecides(frame, error)) return decisive
      throw error
    }
    return truthOf(right(frame), site)
  }

  function rightDecides(frame: Frame, error: unknown): boolean {
    return isOfTypes(error, { frame, site }) && truthOf(right(frame), site) === decisive
  }
}

/** Whether an error is one of types, which another part of the expression may outweigh. */
export function isOfTypes(error: unknown, { frame, site }: At): boolean {
  if (!(error instanceof ExpressionError)) return false
  // Throws again when the error is that the work has no end.
  spend(frame, CATCHING, site)
  return true
}
