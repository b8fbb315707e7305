import type { MappingPath } from './compiled-mapping.ts'
import type { Compiler, Condition } from './compiler.ts'
import type { Rule, Shape } from './mapping-file.ts'
import { type CompiledShape, compileShape } from './shapes/shape.ts'

/** A rule that is ready to run. */
export interface CompiledRule {
  readonly name: string
  readonly index: number
  /** Absent for a rule that matches every event. */
  readonly condition: Condition | undefined
  readonly end: RuleEnd
}

/** The end that a rule gives to the events that it matches. */
export type RuleEnd = Readonly<
  | { kind: 'drop' }
  | { kind: 'reject'; text: string }
  | { kind: 'events'; shapes: readonly CompiledShape[] }
>

/** Compiles one rule. */
export function compileRule(rule: Rule, index: number, compiler: Compiler): CompiledRule {
  const { name, when } = rule
  const path = ['rules', index]
  const condition = when === undefined ? undefined : compiler.condition(when, [...path, 'when'])
  return { name, index, condition, end: endOf(rule, path, compiler) }
}

function endOf(rule: Rule, path: MappingPath, compiler: Compiler): RuleEnd {
  if ('drop' in rule) return { kind: 'drop' }
  if ('reject' in rule) return { kind: 'reject', text: rule.reject }
  const shapes: readonly Shape[] = 'events' in rule ? rule.events : [rule]
  const pathOf = (at: number) => ('events' in rule ? [...path, 'events', at] : path)
  return {
    kind: 'events',
    shapes: shapes.map((shape, at) => compileShape(shape, pathOf(at), compiler)),
  }
}
