import { LineCounter, parseDocument } from 'yaml'
import type { MappingPath } from '../compiled-mapping.ts'
import { entryAt, entryStart, type Source } from './source.ts'
import { toValue, type ValueFault } from './to-value.ts'
import { type Fault, faultsOf, isHarmless } from './yaml-fault.ts'

/** The value of a text in YAML, as far as it can be read. */
export interface ParsedYaml {
  readonly source: Source
  readonly value: unknown
  readonly faults: readonly Fault[]
  /** Mistakes in numbers. They are lesser than those in the structure. */
  readonly numbers: readonly ValueFault[]
  /** The paths of values that may not be as they were meant. */
  readonly unsure: readonly MappingPath[]
  /** The offset from which on nothing may be as it was meant. */
  readonly lostFrom: number
}

/** Tags are found among the nodes, those that the library knows and those that it does not. */
const TOLD_ELSEWHERE = 'TAG_RESOLVE_FAILED'

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
  const lostFrom =
    harmful === undefined ? Number.POSITIVE_INFINITY : entryStart(source, harmful.pos[0])
  const { value, faults } = toValue(source)
  const nodes = faults.filter(({ kind, at }) => kind === 'node' && at < lostFrom)
  return {
    source,
    value,
    faults: [...faultsOf(errors, source), ...nodes],
    numbers: faults.filter(({ kind }) => kind === 'number'),
    unsure: [
      ...errors
        .filter((error) => isHarmless(error, source))
        .map(({ pos }) => entryAt(source, pos[0])),
      ...nodes.map(({ path }) => path),
    ],
    lostFrom,
  }
}
