import type { Path } from './paths.ts'

/** The work of one step at the end of one of its paths. */
export interface Action {
  /** The index of the step in the section. */
  readonly step: number
  readonly change: Change
}

/**
 * Removes a value, or makes another text of its text. `inLetter` takes the place of `replace` in a
 * letter whose event the mapping makes again when it is replayed.
 */
export type Change = Readonly<
  { kind: 'remove' } | { kind: 'replace'; replace: Replace; inLetter?: Replace }
>

export function removes({ change }: Action): boolean {
  return change.kind === 'remove'
}

/** Returns the text that takes the place of a text. A text that stays is returned as it is. */
export type Replace = (text: string) => string

/** The paths that go on with the same names, as a tree. */
export interface PathNode {
  readonly children: Map<string, PathNode>
  /** The actions of the paths that end here, in the order of their steps. */
  readonly actions: Action[]
}

/** All paths of a section. */
export interface PathTrees {
  /** The paths that start at the properties. */
  readonly fixed: PathNode
  /** The paths that begin with `**`. */
  readonly anywhere: PathNode
}

export function createPathTrees(): PathTrees {
  return { fixed: createNode(), anywhere: createNode() }
}

/** Adds a path. Steps are added in their order. A path that a step names twice counts once. */
export function addPath(trees: PathTrees, { isAnywhere, names }: Path, action: Action): void {
  let node = isAnywhere ? trees.anywhere : trees.fixed
  for (const name of names) {
    const child = node.children.get(name) ?? createNode()
    node.children.set(name, child)
    node = child
  }
  if (node.actions.at(-1)?.step !== action.step) node.actions.push(action)
}

function createNode(): PathNode {
  return { children: new Map(), actions: [] }
}
