import type { Scope, Work } from '../compiled-mapping.ts'
import type { Site } from './expression-error.ts'

/** One evaluation of an expression. */
export interface Frame {
  readonly scope: Scope
  /** The variables of macros, the outermost first. */
  readonly locals: unknown[]
  /** The work that may still be done. A unit is some two nanoseconds. */
  left: number
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
 * The work of one evaluation: some twenty milliseconds. The cost of each step is an estimate of its
 * worst case.
 */
const MOST_WORK = 10_000_000
/** The work for all expressions of a line, which may make ten thousand events. */
const MOST_WORK_OF_LINE = 50_000_000
/** The number of members from which an object is a hash table, and slow to list. */
const LARGE_OBJECT = 500

/** Makes the work that the expressions of one line share. */
export function newWork(): Work {
  return { left: MOST_WORK_OF_LINE }
}

export function newFrame(scope: Scope): Frame {
  return { scope, locals: [], left: Math.min(MOST_WORK, scope.work?.left ?? MOST_WORK) }
}

/** Evaluates a part for one event, and takes its work from that of the line. */
export function evaluate(run: Run, scope: Scope): unknown {
  const { work } = scope
  const frame = newFrame(scope)
  if (work === undefined) return run(frame)
  const before = frame.left
  try {
    return run(frame)
  } finally {
    work.left -= before - frame.left
  }
}

/** Counts work, and ends an evaluation that does too much. */
export function spend(frame: Frame, units: number, site: Site): void {
  frame.left -= units
  if (frame.left < 0) throw site.error('the expressions of this event take too long')
}

/** Returns the work of listing the members of an object. */
export function listingWork(members: number): number {
  return members * (members > LARGE_OBJECT ? 100 : 40)
}

export function constantPart(value: unknown): Part {
  return { run: () => value, constant: { value } }
}
