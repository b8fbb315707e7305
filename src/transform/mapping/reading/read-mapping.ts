import { isScalar, type Node, Scalar } from 'yaml'
import type { MappingPath, Problem } from '../compiled-mapping.ts'
import { compileCondition, compileTemplate } from '../expressions/expressions.ts'
import type { MappingFile } from '../mapping-file.ts'
import { expressionsIn } from './expressions-in.ts'
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
  | {
      kind: 'broken'
      problems: readonly LocatedProblem[]
      value: unknown
      /** Returns the places of all these problems and of further mistakes, in the order of the file. */
      locate: (more: readonly Problem[]) => readonly LocatedProblem[]
    }
>

/** Reads the text of a mapping file: YAML 1.2, or JSON, which is a part of it. */
export function readMapping(text: string): ReadMapping {
  const parsed = parseYaml(text.replace(/^\uFEFF/, ''))
  const { source, value, faults, numbers } = parsed
  if (value === null && faults.length === 0) return BROKEN_AS_EMPTY

  const structure = checkStructure(value)
  const mistaken = mistakenTexts(value, source)
  const found = [...mistaken, ...orderProblems(value)]
  if (structure.kind === 'sound' && faults.length + numbers.length + found.length === 0) {
    return {
      kind: 'read',
      file: structure.file,
      locate: (problems) => locateAll([], problems, source),
      positionOf: (path) => positionOf(path, source),
    }
  }
  const unsound = structure.kind === 'faulty' ? structure.problems : []
  const others = outside(mistaken, [...unsound, ...expressionProblems(value)])
  const problems = [...found, ...others]
  const locate = (more: readonly Problem[]) =>
    allProblems([...problems, ...outside(problems, more)], parsed)
  return { kind: 'broken', problems: locate([]), value, locate }
}

function allProblems(problems: readonly Problem[], parsed: ParsedYaml): readonly LocatedProblem[] {
  const { faults, numbers, source, isSure } = parsed
  const sure = problems.filter(({ path }) => isSure(path))
  // A number where a text is due has been told.
  const others = outside(
    sure,
    numbers.filter(({ path }) => isSure(path)),
  )
  return locateAll([...faults, ...others], sure, source)
}

/** Returns the mistakes in other values than those that have one already. */
function outside<T extends Pick<Problem, 'path'>>(
  told: readonly Pick<Problem, 'path'>[],
  problems: readonly T[],
): readonly T[] {
  const paths = new Set(told.map(({ path }) => JSON.stringify(path)))
  return problems.filter(({ path }) => !paths.has(JSON.stringify(path)))
}

/** The white space that is searched for a comment. */
const LONGEST_SPACE = 1_000

const EMPTY: LocatedProblem = { line: 1, column: 1, text: 'the file is empty; write version: 1' }
const BROKEN_AS_EMPTY: ReadMapping = {
  kind: 'broken',
  problems: [EMPTY],
  value: null,
  locate: () => [EMPTY],
}

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

/** Returns the expressions of which YAML takes a part, or all, for something else than the text. */
function mistakenTexts(value: unknown, source: Source): Problem[] {
  return expressionsIn(value).flatMap(({ path, text }) => {
    const cause = causeOf(findAt(source, path).node, source)
    return cause === undefined ? [] : [{ path, text: `${cause}; ${quoteHint(text)}` }]
  })
}

function causeOf(node: Node | undefined, { text }: Source): string | undefined {
  if (!isScalar(node)) return undefined
  const [start = 0, end = 0] = node.range ?? []
  if (node.type === Scalar.PLAIN && /^[ \t]+#/.test(text.slice(end, end + LONGEST_SPACE))) {
    return 'YAML takes " #" for the beginning of a comment'
  }
  const isBlock = node.type === Scalar.BLOCK_FOLDED || node.type === Scalar.BLOCK_LITERAL
  if (!isBlock || node.value !== '') return undefined
  return `YAML takes ${text[start]} for the beginning of a text on the lines below`
}
