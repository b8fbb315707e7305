import type { Candidate, Line } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import type { Dropped, Rejected } from '../../model/outcome.ts'
import type { Transform } from '../transform.ts'

/** The keys and indexes that lead to a value of the mapping file: `['rules', 1, 'when']`. */
export type MappingPath = readonly (string | number)[]

/** A mistake in a mapping file. */
export interface Problem {
  readonly path: MappingPath
  /** The mistake, and what to write instead. */
  readonly text: string
  /** The offset in the value at `path`, for a mistake inside an expression. */
  readonly offset?: number
  /** Set when the key itself is at fault, and not its value. */
  readonly at?: 'key'
}

/** The work that may still be done. A unit is some two nanoseconds. */
export interface Work {
  left: number
}

/** The variables of an expression. */
export interface Scope {
  /** Undefined for a message without data. */
  readonly data: unknown
  readonly attributes: unknown
  readonly message: unknown
  readonly line: number
  /** Present under `each`. */
  readonly item?: unknown
  /** The place of the item in its list, from 0. Present under `each`. */
  readonly index?: number
  /** The work that the expressions of the line share; each is bounded by itself, too. */
  readonly work?: Work
}

/** An expression or template that is ready to run. */
export interface Expression {
  readonly source: string
  /**
   * Returns a JSON value of plain objects and arrays, in which an integer past 2^53 is a bigint, and
   * a number that a double cannot hold is a `RawNumber`. It may be a part of the event itself. A
   * condition returns true or false. Throws an `ExpressionError`, whose text holds nothing of the
   * event.
   */
  evaluate(scope: Scope): unknown
  /**
   * Says why a condition does not hold, and may quote the event; or which part of a template is null:
   * `data.type is null`.
   */
  whyNot(scope: Scope): string
}

export type CompiledExpression =
  | Readonly<{ kind: 'expression'; expression: Expression }>
  | Readonly<{ kind: 'faulty'; text: string; offset: number }>

export type MapResult = readonly Candidate[] | Dropped | Rejected

/** The end of one rule for one event. */
export interface RuleStep {
  /** The index in `rules`, from 0; absent for the preset and for `otherwise`. */
  readonly index?: number
  readonly name: string
  readonly kind: 'matched' | 'not_matched' | 'failed'
  /** Why the rule did not match, or how it failed. */
  readonly why?: string
}

/** A mapping file that is ready to run. */
export interface CompiledMapping {
  readonly transform: Transform
  /** The names of the rules, in their order. */
  readonly rules: readonly string[]
  /** Maps a value as `transform` does, and tells what each rule did that was asked. */
  explain(value: unknown, line: Line, message: Message): { result: MapResult; steps: RuleStep[] }
}
