import type { ASTNode } from '@marcbachmann/cel-js'
import type { Compiled } from './compile.ts'
import { createSite, ExpressionError } from './expression-error.ts'
import { KIND_WORDS, kindOf } from './kinds.ts'
import type { Frame } from './part.ts'
import { plainOf, writeJson } from './values.ts'

/** Says why an expression is false or null. It quotes the event. */
export type Explain = (frame: Frame) => string

/** The value of a part, or the text of its error. */
type Reading = Readonly<{ kind: 'value'; value: unknown } | { kind: 'failed'; text: string }>

/** Reads the parts of one expression for one event. */
interface Reader {
  readonly frame: Frame
  /** Whether it has a value of its own. The `cel` of `cel.bind` has none. */
  readonly isPart: (node: ASTNode) => boolean
  readonly at: (node: ASTNode) => Reading
  readonly isConstant: (node: ASTNode) => boolean
}

const MOST_SHOWN = 60

/** The words between what is compared and what it is compared with, by the operator. */
type Words = Readonly<Record<string, string>>

const HOLDING: Words = {
  '==': '',
  '!=': 'not',
  '<': 'which is <',
  '<=': 'which is <=',
  '>': 'which is >',
  '>=': 'which is >=',
  in: 'in',
  contains: 'with',
}

const FAILING: Words = {
  '==': 'not',
  '!=': '',
  '<': 'not <',
  '<=': 'not <=',
  '>': 'not >',
  '>=': 'not >=',
  in: 'not in',
  contains: 'without',
}

/** The operators when the sides are exchanged. */
const MIRRORED: Readonly<Record<string, string>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  in: 'contains',
}

/** Explains a condition by the smallest parts that decide it. */
export function explainFalse({ tree, parts }: Compiled): Explain {
  return (frame) => whyFalse(tree, readerOf(parts, frame))
}

/** Explains a text by the first of its expressions that is null. */
export function explainNull(expressions: readonly Compiled[]): Explain {
  return function explain(frame) {
    for (const { tree, parts } of expressions) {
      const read = readerOf(parts, frame).at(tree)
      if (read.kind === 'failed') return read.text
      if (read.value === null) return `${sourceOf(tree)} is null`
    }
    return 'no part of it is null'
  }
}

function readerOf(parts: Compiled['parts'], frame: Frame): Reader {
  return {
    frame,
    isPart: (node) => parts.has(node),
    isConstant: (node) => parts.get(node)?.constant !== undefined,
    at(node) {
      try {
        return { kind: 'value', value: parts.get(node)?.run(frame) }
      } catch (error) {
        if (error instanceof ExpressionError) return { kind: 'failed', text: error.message }
        throw error
      }
    },
  }
}

function whyFalse(node: ASTNode, reader: Reader): string {
  const read = reader.at(node)
  if (read.kind === 'failed') return read.text
  switch (node.op) {
    case '&&':
      return whyFalse(node.args.find((side) => !holds(side, reader)) ?? node.args[0], reader)
    case '||':
      return both(node.args.map((side) => whyFalse(side, reader)))
    case '!_':
      return whyTrue(node.args, reader)
    case '?:':
      return whyFalse(chosen(node.args, reader), reader)
    default:
      return detailOf(node, FAILING, reader)
  }
}

function whyTrue(node: ASTNode, reader: Reader): string {
  switch (node.op) {
    case '&&':
      return both(node.args.map((side) => whyTrue(side, reader)))
    case '||':
      return whyTrue(node.args.find((side) => holds(side, reader)) ?? node.args[0], reader)
    case '!_':
      return whyFalse(node.args, reader)
    case '?:':
      return whyTrue(chosen(node.args, reader), reader)
    default:
      return detailOf(node, HOLDING, reader)
  }
}

function holds(node: ASTNode, reader: Reader): boolean {
  return isValue(node, true, reader)
}

function chosen([condition, one, other]: [ASTNode, ASTNode, ASTNode], reader: Reader): ASTNode {
  return holds(condition, reader) ? one : other
}

function both(texts: readonly string[]): string {
  return [...new Set(texts)].join(' and ')
}

function detailOf(node: ASTNode, words: Words, reader: Reader): string {
  if (isComparison(node)) return comparisonDetail(node, words, reader)
  const subject = subjectOf(node)
  if (subject === undefined || !reader.isPart(subject)) return stated(node, reader)
  if (isNull(subject, reader)) return stated(subject, reader)
  return `${stated(subject, reader)}; ${stated(node, reader)}`
}

/** Returns what a function or macro is about. The key of `has` is no part. */
function subjectOf(node: ASTNode): ASTNode | undefined {
  if (node.op === 'rcall') return node.args[1]
  return node.op === 'call' ? node.args[1][0] : undefined
}

type Comparison = Extract<ASTNode, { op: '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' }>

function isComparison(node: ASTNode): node is Comparison {
  return Object.hasOwn(FAILING, node.op)
}

function comparisonDetail(node: Comparison, words: Words, reader: Reader): string {
  const [left, right] = node.args
  for (const side of [left, right])
    if (!reader.isConstant(side) && isNull(side, reader)) return stated(side, reader)
  const isMirrored = reader.isConstant(left)
  const [subject, object] = isMirrored ? [right, left] : [left, right]
  const operator = isMirrored ? (MIRRORED[node.op] ?? node.op) : node.op
  const between = words[operator]
  const rest = between ? `, ${between} ${shownObject(object, reader)}` : ''
  return `${stated(subject, reader)}${rest}`
}

function isNull(node: ASTNode, reader: Reader): boolean {
  return isValue(node, null, reader)
}

function isValue(node: ASTNode, sought: true | null, reader: Reader): boolean {
  const read = reader.at(node)
  return read.kind === 'value' && read.value === sought
}

function stated(node: ASTNode, reader: Reader): string {
  const read = reader.at(node)
  return read.kind === 'failed'
    ? read.text
    : `${sourceOf(node)} is ${shown(read.value, reader.frame)}`
}

function shownObject(node: ASTNode, reader: Reader): string {
  const read = reader.at(node)
  if (reader.isConstant(node) || read.kind === 'failed') return sourceOf(node)
  return `${sourceOf(node)} (${shown(read.value, reader.frame)})`
}

/** A value that is too large or has no JSON is named by its kind. */
function shown(value: unknown, frame: Frame): string {
  try {
    const json = writeJson(plainOf(value, { frame, site: createSite('') }))
    return json.length > MOST_SHOWN ? `${json.slice(0, MOST_SHOWN)}…` : json
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return KIND_WORDS[kindOf(value)]
  }
}

function sourceOf({ input, start, end }: ASTNode): string {
  return input.slice(start, end)
}
