import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml'
import type { MappingPath } from '../compiled-mapping.ts'
import { pathText } from './path-text.ts'
import { type Child, childrenOf, type Source, startOf } from './source.ts'
import { type Fault, quoteHint } from './yaml-fault.ts'

/** A mistake in the value at a path, which the structure of the file does not show. */
export interface ValueFault extends Fault {
  readonly path: MappingPath
  /** A value that is no text where a text is due has this mistake, too. It is then the lesser one. */
  readonly kind: 'number' | 'node'
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const INTEGER = /^-?\d+$/
const MOST_LEVELS = 100

/**
 * Returns the JSON value of a tree. An integer past 2^53 becomes a bigint. Tags, anchors, aliases,
 * keys that are given twice and numbers that JSON has not become faults.
 */
export function toValue(source: Source): { value: unknown; faults: readonly ValueFault[] } {
  const faults: ValueFault[] = []
  return { value: jsonOf(source.root, []), faults }

  function jsonOf(node: Node | undefined, path: MappingPath): unknown {
    if (node === undefined) return null
    if (isAlias(node)) return refuse(node, path, `*${node.source}`, 'an alias')
    refuseProperties(node, path)
    if (path.length > MOST_LEVELS) return refuseDepth(node, path)
    if (isSeq(node)) return childrenOf(node).map((child) => childValue(child, path))
    if (isMap(node)) return mapValue(node, path)
    return isScalar(node) ? scalarValue(node, path) : null
  }

  function childValue({ part, node }: Child, path: MappingPath): unknown {
    return jsonOf(node, [...path, part])
  }

  function mapValue(node: Node, path: MappingPath): unknown {
    const entries = new Map<string, unknown>()
    for (const child of childrenOf(node)) {
      const key = String(child.part)
      if (entries.has(key)) refuseSecond(child, path)
      else entries.set(key, childValue(child, path))
    }
    return Object.fromEntries(entries)
  }

  function scalarValue(node: Scalar, path: MappingPath): unknown {
    const { value, source: written = '' } = node
    if (typeof value !== 'number') return value
    if (!JSON_NUMBER.test(written) || !Number.isFinite(value)) return refuseNumber(node, path)
    return INTEGER.test(written) && !Number.isSafeInteger(value) ? BigInt(written) : value
  }

  function refuseProperties({ tag, anchor, range }: Node & { anchor?: string }, path: MappingPath) {
    if (tag === undefined && anchor === undefined) return
    const { at, word } = propertyBefore(source.text, range?.[0] ?? 0)
    const what = word.startsWith('&') ? 'an anchor' : 'a tag'
    push(at, path, `YAML takes ${word} for ${what}; ${quoteHint('')}`)
  }

  function refuse(node: Node, path: MappingPath, word: string, what: string): null {
    push(node.range?.[0] ?? 0, path, `YAML takes ${word} for ${what}; ${quoteHint('')}`)
    return null
  }

  function refuseDepth(node: Node, path: MappingPath): null {
    const [top = ''] = path
    faults.push({ at: node.range?.[0] ?? 0, path, text: `${top} nests too deep`, kind: 'node' })
    return null
  }

  function refuseSecond({ part, keyAt = 0 }: Child, path: MappingPath): void {
    faults.push({
      at: keyAt,
      path: [...path, part],
      text: `${pathText([...path, part])} is given twice`,
      kind: 'node',
    })
  }

  function refuseNumber(node: Scalar, path: MappingPath): unknown {
    const text = `${pathText(path)} is ${node.source}, which JSON has not; put a text in single quotes`
    faults.push({ at: startOf(node) ?? 0, path, text, kind: 'number' })
    return node.value
  }

  function push(at: number, path: MappingPath, text: string): void {
    faults.push({ at, path, text: `${pathText(path)}: ${text}`, kind: 'node' })
  }
}

/** Returns the first of the tags and anchors that stand before an offset. */
function propertyBefore(text: string, end: number): { at: number; word: string } {
  let first = { at: end, word: '' }
  for (;;) {
    const before = wordBefore(text, first.at)
    const sign = before.word.search(/[!&]/)
    if (sign === -1) return first
    first = { at: before.at + sign, word: before.word.slice(sign) }
    if (sign > 0) return first
  }
}

function wordBefore(text: string, end: number): { at: number; word: string } {
  let last = end
  while (last > 0 && isSpace(text[last - 1])) last -= 1
  let at = last
  while (at > 0 && !isSpace(text[at - 1])) at -= 1
  return { at, word: text.slice(at, last) }
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character)
}
