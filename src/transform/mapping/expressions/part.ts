import type { Scope, Work } from '../compiled-mapping.ts'
import type { Site } from './expression-error.ts'

/** One evaluation of an expression. */
export interface Frame {
  readonly scope: Scope
  /** The variables of macros, the outermost first. */
  readonly locals: unknown[]
  readonly work: Work
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
 * The work for the expressions of one event: some twenty milliseconds. The cost of each step is an
 * estimate of its worst case.
 */
const MOST_WORK = 10_000_000
/** The number of members from which an object is a hash table, and slow to list. */
const LARGE_OBJECT = 500

export function newWork(): Work {
  return { left: MOST_WORK }
}

export function newFrame(scope: Scope): Frame {
  return { scope, locals: [], work: scope.work ?? newWork() }
}

/** Counts work, and ends an evaluation that does too much. */
export function spend({ work }: Frame, units: number, site: Site): void {
  work.left -= units
  if (work.left < 0) throw site.error('the expressions of this event take too long')
}

/** Returns the work of listing the members of an object. */
export function listingWork(members: number): number {
  return members * (members > LARGE_OBJECT ? 100 : 40)
}

export function constantPart(value: unknown): Part {
  return { run: () => value, constant: { value } }
}
