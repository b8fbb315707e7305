import type { CompiledExpression, Scope } from '../compiled-mapping.ts'
import { type Compiled, compileTree } from './compile.ts'
import { createSite, type Site } from './expression-error.ts'
import { Fault } from './fault.ts'
import { writtenOut } from './functions/conversions.ts'
import { KIND_WORDS, kindOf } from './kinds.ts'
import { truthOf } from './logic.ts'
import type { Place } from './names.ts'
import { parseExpression } from './parse.ts'
import { evaluate, newFrame, type Run } from './part.ts'
import { moved, type Piece, piecesOf } from './template.ts'
import { plainOf } from './values.ts'
import { type Explain, explainFalse, explainNull } from './why-not.ts'

const NO_BRACES = 'a condition is an expression as it stands; leave out `${` and `}`'

/** Compiles the CEL of a `when`. Its value is true or false: null does not hold. */
export function compileCondition(source: string, place: Place): CompiledExpression {
  return compiled(source, (site) => {
    if (source.trim().startsWith('${')) throw new Fault(NO_BRACES, source.indexOf('${'))
    const tree = compileTree(parseExpression(source), place)
    const { run, constant } = tree.root
    if (constant !== undefined) checkTruth(constant.value)
    return { run: (frame) => truthOf(run(frame), site), explain: explainFalse(tree) }
  })
}

/**
 * Compiles a text in which `${…}` is CEL. An expression that stands alone keeps its type. Several
 * of them, or one with text around it, make a text, which is null when one of them is null.
 */
export function compileTemplate(template: string, place: Place): CompiledExpression {
  return compiled(template, (site) => {
    const parts = piecesOf(template).map((piece) => partOf(piece, place))
    const [only] = parts
    if (only?.tree !== undefined && parts.length === 1) return alone(only.tree, site)
    const run = joined(
      parts.map((part) => part.run),
      site,
    )
    return { run, explain: explainNull(parts.flatMap(({ tree }) => tree ?? [])) }
  })
}

interface Ready {
  readonly run: Run
  readonly explain: Explain
}

/** Makes the expression, or says what is wrong with its source. */
function compiled(source: string, make: (site: Site) => Ready): CompiledExpression {
  const site = createSite(source)
  try {
    const { run, explain } = make(site)
    return {
      kind: 'expression',
      expression: {
        source,
        evaluate: (scope) => evaluated(run, scope, site),
        whyNot: (scope) => explain(newFrame(scope)),
      },
    }
  } catch (error) {
    if (error instanceof Fault) return { kind: 'faulty', text: error.message, offset: error.offset }
    throw error
  }
}

/** A stack, a text or a list that is too large ends the evaluation, and nothing else. */
function evaluated(run: Run, scope: Scope, site: Site): unknown {
  try {
    return evaluate(run, scope)
  } catch (error) {
    throw error instanceof RangeError ? site.error('the value is too large') : error
  }
}

function checkTruth(value: unknown): void {
  if (typeof value === 'boolean') return
  throw new Fault(`a condition is true or false, and this is ${KIND_WORDS[kindOf(value)]}`, 0)
}

interface TemplatePart {
  readonly run: Run
  /** Absent for a text. */
  readonly tree?: Compiled
}

function partOf(piece: Piece, place: Place): TemplatePart {
  if (piece.kind === 'text') return { run: () => piece.text }
  const tree = moved(piece.offset, () => compileTree(parseExpression(piece.source), place))
  return { run: tree.root.run, tree }
}

function alone(tree: Compiled, site: Site): Ready {
  const { run, isOfEvent } = tree.root
  const plainRun: Run = isOfEvent ? run : (frame) => plainOf(run(frame), { frame, site })
  return { run: plainRun, explain: explainNull([tree]) }
}

function joined(runs: readonly Run[], site: Site): Run {
  return function text(frame) {
    let whole = ''
    for (const run of runs) {
      const value = run(frame)
      if (value === null) return null
      whole += writtenOut(value, { frame, site })
    }
    return whole
  }
}
