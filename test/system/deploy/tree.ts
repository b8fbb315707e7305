/** The part of a parsed tree at a path of names. A list of one stands for its only member. */
export function at(tree: unknown, ...path: readonly string[]): unknown {
  const node = Array.isArray(tree) && tree.length === 1 ? tree[0] : tree
  const [name, ...rest] = path
  if (name === undefined) return node
  return isObject(node) ? at(node[name], ...rest) : undefined
}

/** The members of an object by name; none when it is no object. */
export function entriesAt(tree: unknown, ...path: readonly string[]): readonly [string, unknown][] {
  const node = at(tree, ...path)
  return isObject(node) ? Object.entries(node) : []
}

/** The members of a list; none when there is no list. */
export function listAt(tree: unknown, ...path: readonly string[]): readonly unknown[] {
  const [name, ...rest] = path
  if (name === undefined) return Array.isArray(tree) ? tree : []
  const node = at(tree)
  return isObject(node) ? listAt(node[name], ...rest) : []
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
