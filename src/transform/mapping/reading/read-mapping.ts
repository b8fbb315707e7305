import { isScalar, Scalar } from 'yaml'
import type { MappingPath, Problem } from '../compiled-mapping.ts'
import { compileCondition, compileTemplate } from '../expressions/expressions.ts'
import type { MappingFile } from '../mapping-file.ts'
import { type ExpressionText, expressionsIn } from './expressions-in.ts'
import { type LocatedProblem, locateAll, type Position, positionOf } from './locate.ts'
import { orderProblems } from './order.ts'
import { type ParsedYaml, parseYaml } from './parse-yaml.ts'
import { findAt, type Source } from './source.ts'
import { checkStructure } from './structure.ts'
import { quoteHint } from './yaml-fault.ts'

/** The content of a mapping file, or all mistakes that are found without running it. */
export type ReadMapping = Readonly<
  | {
      kind: 'read'
      file: MappingFile
      /** Returns the places of further mistakes, in the order of the file. */
      locate: (problems: readonly Problem[]) => readonly LocatedProblem[]
      /** Returns the place of a value, from 1. */
      positionOf: (path: MappingPath) => Position
    }
  | { kind: 'broken'; problems: readonly LocatedProblem[] }
>

/** Reads the text of a mapping file: YAML 1.2, or JSON, which is a part of it. */
export function readMapping(text: string): ReadMapping {
  const parsed = parseYaml(text.replace(/^\uFEFF/, ''))
  const { source, value, faults, numbers } = parsed
  if (value === null && faults.length === 0) return { kind: 'broken', problems: [EMPTY] }

  const structure = checkStructure(value)
  const found = [...cutOff(value, source), ...orderProblems(value)]
  if (structure.kind === 'sound' && faults.length + numbers.length + found.length === 0) {
    return {
      kind: 'read',
      file: structure.file,
      locate: (problems) => locateAll([], problems, source),
      positionOf: (path) => positionOf(path, source),
    }
  }
  const unsound = structure.kind === 'faulty' ? structure.problems : []
  const problems = [...unsound, ...found, ...expressionProblems(value)]
  return { kind: 'broken', problems: allProblems(problems, parsed) }
}

function allProblems(problems: readonly Problem[], parsed: ParsedYaml): readonly LocatedProblem[] {
  const { faults, numbers, source, isSure } = parsed
  const sure = problems.filter(({ path }) => isSure(path))
  const told = new Set(sure.map(({ path }) => JSON.stringify(path)))
  // A number where a text is due has been told.
  const others = numbers.filter(({ path }) => isSure(path) && !told.has(JSON.stringify(path)))
  return locateAll([...faults, ...others], sure, source)
}

const EMPTY: LocatedProblem = { line: 1, column: 1, text: 'the file is empty; write version: 1' }

/** Returns the mistakes in expressions that are quoted as they must be. */
function expressionProblems(value: unknown): Problem[] {
  return expressionsIn(value).flatMap(({ kind, path, text, place }) => {
    // An empty text is a mistake of the structure.
    if (text === '' || (kind === 'template' && !text.includes('${'))) return []
    const compile = kind === 'condition' ? compileCondition : compileTemplate
    const compiled = compile(text, place)
    if (compiled.kind === 'expression') return []
    return [{ path, text: compiled.text, offset: compiled.offset }]
  })
}

/** Returns the expressions of which YAML takes a part for a comment. */
function cutOff(value: unknown, source: Source): Problem[] {
  return expressionsIn(value)
    .filter((expression) => isCutOff(expression, source))
    .map(({ path, text }) => ({
      path,
      text: `YAML takes " #" for the beginning of a comment; ${quoteHint(text)}`,
    }))
}

function isCutOff({ path }: ExpressionText, source: Source): boolean {
  const { node } = findAt(source, path)
  if (!isScalar(node) || node.type !== Scalar.PLAIN) return false
  return /^[ \t]+#/.test(source.text.slice(node.range?.[1], (node.range?.[1] ?? 0) + 100))
}
