import type { ASTNode } from '@marcbachmann/cel-js'
import type { Place } from './names.ts'
import type { Part } from './part.ts'

/** The surroundings of a part while it is compiled. */
export interface Context {
  readonly place: Place
  /** The variables of macros that are known here, the outermost first. */
  readonly locals: readonly string[]
  readonly isInMacro: boolean
  /** The parts that are compiled. */
  readonly parts: Map<ASTNode, Part>
  /** Compiles a part, or throws a `Fault`. */
  compile(node: ASTNode, context: Context): Part
}

/** Whether a part is the variable `message`. */
export function isMessage(node: ASTNode, { locals }: Context): boolean {
  return node.op === 'id' && node.args === 'message' && !locals.includes('message')
}
