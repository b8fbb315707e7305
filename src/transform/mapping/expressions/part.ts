import type { Scope } from '../compiled-mapping.ts'
import type { Site } from './expression-error.ts'

/** One evaluation of an expression. */
export interface Frame {
  readonly scope: Scope
  /** The variables of macros, the outermost first. */
  readonly locals: unknown[]
  /** The work that may still be done. A unit is some two nanoseconds. */
  work: number
}

/** The place in an expression where something is worked out, and the evaluation that it is for. */
export interface At {
  readonly frame: Frame
  readonly site: Site
}

/** Works out a part. Absent keys are null. Throws an `ExpressionError`. */
export type Run = (frame: Frame) => unknown

/** A part of an expression that is ready to run. */
export interface Part {
  readonly run: Run
  /** Present when the value is the same for every event. */
  readonly constant?: { readonly value: unknown }
  /** Whether the value is a part of the event as it is: it holds nothing that CEL made. */
  readonly isOfEvent?: true
}

/**
 * The work of one evaluation: twenty milliseconds. The cost of each step is an estimate of its
 * worst case.
 */
const MOST_WORK = 10_000_000

export function newFrame(scope: Scope): Frame {
  return { scope, locals: [], work: MOST_WORK }
}

/** Counts work, and ends an evaluation that does too much. */
export function spend(frame: Frame, units: number, site: Site): void {
  frame.work -= units
  if (frame.work < 0) throw site.error('this takes too long for one event')
}

export function constantPart(value: unknown): Part {
  return { run: () => value, constant: { value } }
}
