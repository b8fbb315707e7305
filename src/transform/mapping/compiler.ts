import { isObject } from '../../lib/json/is-object.ts'
import { put } from '../../lib/json/put.ts'
import type {
  CompiledExpression,
  Expression,
  MappingPath,
  Problem,
  Scope,
} from './compiled-mapping.ts'
import { ExpressionError } from './expressions/expression-error.ts'
import { compileCondition, compileTemplate } from './expressions/expressions.ts'
import type { Place } from './expressions/names.ts'
import { createFaults, type FaultAt } from './mapping-fault.ts'

/** Reads a value. It throws a `MappingFault`. */
export type Read = (scope: Scope) => unknown

/** A condition that is ready to run. */
export interface Condition {
  /** Whether it holds. Throws a `MappingFault`. */
  holds(scope: Scope): boolean
  whyNot(scope: Scope): string
}

/** Returns the place of a value in the file, for people: `mapping.yaml:12:14 rules[1].event`. */
export type PlaceOf = (path: MappingPath) => string

/** Compiles the texts of one file, and collects the mistakes in it. */
export interface Compiler {
  readonly problems: readonly Problem[]
  /** Returns the compiler of a shape with `each`. It has the same problems. */
  underEach(): Compiler
  /** Makes the faults of a value of the file. */
  faultsAt(path: MappingPath): FaultAt
  condition(source: string, path: MappingPath): Condition
  template(text: string, path: MappingPath): Read
  /** Compiles a template whose value must be other than a text: one expression, and nothing beside it. */
  alone(text: string, path: MappingPath): Read
  /** Compiles a template whose value must not be null. */
  needed(text: string, path: MappingPath): Read
  /** Compiles a value in which each text is a template. A member that is null is left out. */
  value(value: unknown, path: MappingPath): Read
  report(problem: Problem): void
}

/** Stands for an expression that does not compile. Its mapping is never run. */
const FAULTY: Expression = { source: '', evaluate: () => null, whyNot: () => '' }

/** The form of a template that may be something else than a text. */
const ALONE = /^\$\{.*\}$/s

/** Makes the compiler of one file. */
export function createCompiler(placeOf: PlaceOf): Compiler {
  return compilerOf(placeOf, { each: false }, [])
}

function compilerOf(placeOf: PlaceOf, place: Place, problems: Problem[]): Compiler {
  return { problems, underEach, faultsAt, condition, template, alone, needed, value, report }

  function underEach(): Compiler {
    return compilerOf(placeOf, { each: true }, problems)
  }

  function report(problem: Problem): void {
    problems.push(problem)
  }

  function faultsAt(path: MappingPath): FaultAt {
    return createFaults(placeOf(path))
  }

  function condition(source: string, path: MappingPath): Condition {
    const expression = expressionIn(compileCondition(source, place), path)
    const read = createRead(expression, faultsAt(path))
    return {
      holds: (scope) => read(scope) === true,
      whyNot: (scope) => expression.whyNot(scope),
    }
  }

  function template(text: string, path: MappingPath): Read {
    if (!text.includes('${')) return () => text
    return createRead(expressionIn(compileTemplate(text, place), path), faultsAt(path))
  }

  function alone(text: string, path: MappingPath): Read {
    if (ALONE.test(text)) return template(text, path)
    report({
      path,
      text: "must be one expression, like '${data.items}', with nothing beside it",
    })
    return FAULTY.evaluate
  }

  function needed(text: string, path: MappingPath): Read {
    if (!text.includes('${')) return () => text
    const expression = expressionIn(compileTemplate(text, place), path)
    const fault = faultsAt(path)
    const read = createRead(expression, fault)
    return (scope) => {
      const given = read(scope)
      if (given === null) throw fault('absent', expression.whyNot(scope))
      return given
    }
  }

  function value(given: unknown, path: MappingPath): Read {
    if (typeof given === 'string') return template(given, path)
    if (Array.isArray(given)) {
      const reads = given.map((item, index) => value(item, [...path, index]))
      return (scope) => reads.map((read) => read(scope))
    }
    return isObject(given) ? objectOf(given, path) : () => given
  }

  function objectOf(members: Readonly<Record<string, unknown>>, path: MappingPath): Read {
    const reads = Object.entries(members).map(
      ([name, member]) => [name, value(member, [...path, name])] as const,
    )
    return (scope) => {
      const object: Record<string, unknown> = {}
      for (const [name, read] of reads) {
        const member = read(scope)
        if (member !== null) put(object, name, member)
      }
      return object
    }
  }

  function expressionIn(compiled: CompiledExpression, path: MappingPath): Expression {
    if (compiled.kind === 'expression') return compiled.expression
    report({ path, text: compiled.text, offset: compiled.offset })
    return FAULTY
  }
}

function createRead(expression: Expression, fault: FaultAt): Read {
  return (scope) => {
    try {
      return expression.evaluate(scope)
    } catch (error) {
      // Another error may quote the event.
      const isKnown = error instanceof ExpressionError
      throw fault('error', isKnown ? error.message : 'the expression cannot be worked out')
    }
  }
}
