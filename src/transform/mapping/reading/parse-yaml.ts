import { LineCounter, parseDocument } from 'yaml'
import type { MappingPath } from '../compiled-mapping.ts'
import { entryAt, entryStart, findAt, type Source, startOf } from './source.ts'
import { toValue, type ValueFault } from './to-value.ts'
import { type Fault, faultsOf, isHarmless } from './yaml-fault.ts'

/** The value of a text in YAML, as far as it can be read. */
export interface ParsedYaml {
  readonly source: Source
  readonly value: unknown
  readonly faults: readonly Fault[]
  /** Mistakes in numbers. They are lesser than those in the structure. */
  readonly numbers: readonly ValueFault[]
  /** Whether a value is as it was meant, with all that is above and below it. */
  readonly isSure: (path: MappingPath) => boolean
}

/** Tags are found among the nodes, those that the library knows and those that it does not. */
const TOLD_ELSEWHERE = 'TAG_RESOLVE_FAILED'

/** Stands for the offset from which nothing is as it was meant, in a text that YAML can read. */
const LOST_NOWHERE = Number.POSITIVE_INFINITY

/** Parses one document in YAML 1.2, of which JSON is a part. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // The library compares each key with each other one: 30,000 keys take 14 s.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  })
  const source: Source = { text, lines, root: document.contents ?? undefined }
  const warnings = document.warnings.filter(({ code }) => code !== TOLD_ELSEWHERE)
  const errors = [...document.errors, ...warnings].toSorted((a, b) => a.pos[0] - b.pos[0])
  const harmful = errors.find((error) => !isHarmless(error, source))
  const lostFrom = harmful === undefined ? LOST_NOWHERE : entryStart(source, harmful.pos[0])
  const { value, faults } = toValue(source)
  const nodes = faults.filter(({ kind, at }) => kind === 'node' && at < lostFrom)
  const entries = errors
    .filter((error) => isHarmless(error, source))
    .map(({ pos }) => entryAt(source, pos[0]))
  const isApart = createIsApart([...entries, ...nodes.map(({ path }) => path)])
  return {
    source,
    value,
    faults: [...faultsOf(errors, source), ...nodes],
    numbers: faults.filter(({ kind }) => kind === 'number'),
    isSure: (path) => isApart(path) && isBefore(path, lostFrom, source),
  }
}

/** Whether a value begins before an offset. The rest of the file belongs to its two upper levels. */
function isBefore(path: MappingPath, lostFrom: number, source: Source): boolean {
  if (lostFrom === LOST_NOWHERE) return true
  const { node, keyAt } = findAt(source, path)
  return path.length > 1 && (keyAt ?? startOf(node) ?? 0) < lostFrom
}

/** Makes a test for paths that lie apart from all values that may not be as they were meant. */
function createIsApart(unsure: readonly MappingPath[]): (path: MappingPath) => boolean {
  const at = new Set(unsure.map(keyOf))
  const above = new Set(unsure.flatMap(prefixesOf))
  return (path) => !above.has(keyOf(path)) && !prefixesOf(path).some((prefix) => at.has(prefix))
}

/** Returns a key for each path from the root to this one. */
function prefixesOf(path: MappingPath): string[] {
  return Array.from({ length: path.length + 1 }, (_, length) => keyOf(path.slice(0, length)))
}

function keyOf(path: MappingPath): string {
  return JSON.stringify(path)
}
