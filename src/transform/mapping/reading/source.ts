import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
} from 'yaml'
import type { MappingPath } from '../compiled-mapping.ts'

/** The text of a mapping file with the nodes that YAML reads in it. */
export interface Source {
  readonly text: string
  readonly lines: LineCounter
  /** Absent when the file holds no value. */
  readonly root?: Node | undefined
}

/** A value of the file, with the offset of its key in a map. */
export interface Found {
  readonly node?: Node | undefined
  readonly keyAt?: number | undefined
}

/** Returns the value at a path, or the nearest one above it that exists. */
export function findAt({ root }: Source, path: MappingPath): Found {
  let found: Found = { node: root }
  for (const part of path) {
    const below = childOf(found.node, part)
    if (below === undefined) return found
    found = below
  }
  return found
}

/** Returns the path of the deepest value that covers an offset of the text. */
export function pathTo({ root }: Source, offset: number): MappingPath {
  const path: (string | number)[] = []
  for (let node = root; node !== undefined; ) {
    const child = childrenOf(node).find((one) => covers(one, offset))
    if (child === undefined) return path
    path.push(child.part)
    node = child.node
  }
  return path
}

/** Returns the path of the rule, step or case at an offset: YAML may have mixed up its keys. */
export function entryAt(source: Source, offset: number): MappingPath {
  return pathTo(source, offset).slice(0, 2)
}

/** Returns the offset at which the rule, step or case at an offset begins. */
export function entryStart(source: Source, offset: number): number {
  const { node, keyAt } = findAt(source, entryAt(source, offset))
  return Math.min(offset, keyAt ?? startOf(node) ?? 0)
}

/** A key or an index of a collection, with its value. */
export interface Child extends Found {
  readonly part: string | number
}

/** Returns the entries of a collection, in their order; none of any other node. */
export function childrenOf(node: Node | undefined): readonly Child[] {
  if (isSeq(node)) return node.items.map((item, part) => ({ part, node: nodeIn(item) }))
  return isMap(node) ? node.items.map(entryOf) : []
}

/** Returns the offset at which a node begins; `undefined` for a value that is left out. */
export function startOf(node: Node | undefined): number | undefined {
  const [start, end] = node?.range ?? []
  const isLeftOut = isScalar(node) && start === end && node.tag === undefined
  return isLeftOut ? undefined : start
}

/** A file may have many mistakes, and each is looked up: no list of all children is made. */
function childOf(node: Node | undefined, part: string | number): Found | undefined {
  if (isSeq(node) && typeof part === 'number') {
    return part < node.items.length ? { node: nodeIn(node.items[part]) } : undefined
  }
  const pair = isMap(node) ? node.items.find(({ key }) => keyText(key) === part) : undefined
  return pair && entryOf(pair)
}

function entryOf({ key, value }: Pair): Child {
  return { part: keyText(key), keyAt: startOf(nodeIn(key)), node: nodeIn(value) }
}

function nodeIn(value: unknown): Node | undefined {
  return isNode(value) ? value : undefined
}

function covers({ keyAt, node }: Child, offset: number): boolean {
  const start = keyAt ?? node?.range?.[0] ?? Number.POSITIVE_INFINITY
  const end = node?.range?.[2] ?? start
  return start <= offset && offset <= end
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : isAlias(key) ? key.source : ''
}
