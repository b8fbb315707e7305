import { Fault } from './fault.ts'
import { endOfExpression } from './parse.ts'

/** A piece of a template: text, or an expression that begins at an offset of the template. */
export type Piece = Readonly<
  { kind: 'text'; text: string } | { kind: 'expression'; source: string; offset: number }
>

/** Cuts a template at its expressions. Each ends where CEL ends. Throws a `Fault`. */
export function piecesOf(template: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (;;) {
    const opening = template.indexOf('${', at)
    const text = template.slice(at, opening === -1 ? undefined : opening)
    if (text !== '') pieces.push({ kind: 'text', text })
    if (opening === -1) return pieces
    const offset = opening + 2
    const source = template.slice(offset, offset + lengthAt(template, offset))
    pieces.push({ kind: 'expression', source, offset })
    at = offset + source.length + 1
  }
}

function lengthAt(template: string, offset: number): number {
  return moved(offset, () => endOfExpression(template.slice(offset)))
}

/** Moves a `Fault` of an expression to its place in the template. */
export function moved<T>(by: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof Fault ? new Fault(error.message, error.offset + by) : error
  }
}
