import { isScalar, type Node, Scalar } from 'yaml'
import type { MappingPath, Problem } from '../compiled-mapping.ts'
import { pathText } from './path-text.ts'
import { findAt, type Source, startOf } from './source.ts'
import type { Fault } from './yaml-fault.ts'

/** A mistake with its place in the file. Lines and columns count from 1. */
export interface LocatedProblem {
  readonly line: number
  /** In UTF-16 code units, as an editor counts. Absent for a text that YAML has folded or unescaped. */
  readonly column?: number
  /** The mistake, with the path of its value. Further lines show the place in an expression. */
  readonly text: string
}

/** Returns the places of mistakes, in the order of the file. */
export function locateAll(
  faults: readonly Fault[],
  problems: readonly Problem[],
  source: Source,
): LocatedProblem[] {
  const located = [
    ...faults.map((fault) => ({ ...fault, isExact: true })),
    ...problems.map((problem) => placeOf(problem, source)),
  ]
  return located
    .toSorted((one, other) => one.at - other.at)
    .map(({ at, text, isExact }) => {
      const position = positionAt(source, at)
      return isExact ? { ...position, text } : { line: position.line, text }
    })
}

/** A place in the file. Lines and columns count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Returns the place of a value, or of its key when the value is left out. */
export function positionOf(path: MappingPath, source: Source): Position {
  const { node, keyAt } = findAt(source, path)
  return positionAt(source, startOf(node) ?? keyAt ?? 0)
}

function positionAt({ lines }: Source, at: number): Position {
  const { line, col } = lines.linePos(at)
  // The counter knows no line before the parser has met one.
  return line === 0 ? { line: 1, column: at + 1 } : { line, column: col }
}

interface Place extends Fault {
  readonly isExact: boolean
}

function placeOf({ path, text, offset, at }: Problem, source: Source): Place {
  const { node, keyAt } = findAt(source, path)
  const start = startOf(node)
  const named = path.length === 0 ? text : namedText(pathText(path), text)
  if (offset === undefined || !isScalar(node)) {
    return { at: (at === 'key' ? keyAt : start) ?? keyAt ?? 0, text: named, isExact: true }
  }
  const exact = exactOffset(source.text, node, offset)
  if (exact !== undefined) return { at: exact, text: named, isExact: true }
  return {
    at: start ?? 0,
    text: `${named}\n${caretText(String(node.value), offset)}`,
    isExact: false,
  }
}

function namedText(path: string, text: string): string {
  return text.startsWith(path) ? text : `${path}: ${text}`
}

/** Returns the offset in the file of a place in a text; `undefined` where YAML has changed the text. */
function exactOffset(file: string, node: Node & Scalar, offset: number): number | undefined {
  const isQuoted = node.type === Scalar.QUOTE_SINGLE || node.type === Scalar.QUOTE_DOUBLE
  const start = (node.range?.[0] ?? 0) + (isQuoted ? 1 : 0)
  const before = String(node.value).slice(0, offset)
  const isSame = !before.includes('\n') && file.startsWith(before, start)
  return isSame ? start + offset : undefined
}

/** Returns the line of a text that holds an offset, with a caret beneath it. */
function caretText(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', offset)
  const line = text.slice(start, end === -1 ? text.length : end)
  return `    ${line.replaceAll('\t', ' ')}\n    ${' '.repeat(offset - start)}^`
}
