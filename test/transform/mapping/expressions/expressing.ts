import type {
  CompiledExpression,
  Expression,
  Scope,
} from '../../../../src/transform/mapping/compiled-mapping.ts'
import {
  compileCondition,
  compileTemplate,
} from '../../../../src/transform/mapping/expressions/expressions.ts'
import { celValueOf } from '../../../../src/transform/mapping/expressions/values.ts'

/** Makes the variables for an event with this JSON. */
export function scopeOf(json: string, changes: Partial<Scope> = {}): Scope {
  const data = celValueOf(JSON.parse(json), json)
  return { data, attributes: {}, message: { messageId: '1' }, line: 1, ...changes }
}

/** Works out the CEL of a `${…}` that stands alone. */
export function celValue(cel: string, scope: Scope = scopeOf('{}')): unknown {
  return templateValue(`\${${cel}}`, scope)
}

export function templateValue(template: string, scope: Scope = scopeOf('{}')): unknown {
  return expressionIn(compileTemplate(template, placeOf(scope))).evaluate(scope)
}

export function conditionValue(cel: string, scope: Scope): unknown {
  return condition(cel, scope).evaluate(scope)
}

/** Says why a condition does not hold. */
export function whyNot(cel: string, scope: Scope): string {
  return condition(cel, scope).whyNot(scope)
}

/** Says why a template is null. */
export function whyNull(template: string, scope: Scope): string {
  return expressionIn(compileTemplate(template, placeOf(scope))).whyNot(scope)
}

/** Returns the mistake in the CEL of a condition, as `offset: text`. */
export function faultIn(cel: string, place = { each: false }): string {
  return faultOf(compileCondition(cel, place))
}

/** Returns the mistake in a template, as `offset: text`. */
export function templateFault(template: string, place = { each: false }): string {
  return faultOf(compileTemplate(template, place))
}

function faultOf(compiled: CompiledExpression): string {
  return compiled.kind === 'faulty' ? `${compiled.offset}: ${compiled.text}` : 'no fault'
}

function condition(cel: string, scope: Scope): Expression {
  return expressionIn(compileCondition(cel, placeOf(scope)))
}

function expressionIn(compiled: CompiledExpression): Expression {
  if (compiled.kind === 'faulty') throw new Error(faultOf(compiled))
  return compiled.expression
}

function placeOf(scope: Scope) {
  return { each: scope.item !== undefined }
}
