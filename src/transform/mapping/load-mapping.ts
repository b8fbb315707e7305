import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { CompiledMapping, MappingPath, Problem } from './compiled-mapping.ts'
import type { MappingFile } from './mapping-file.ts'
import type { LocatedProblem, Position } from './reading/locate.ts'
import { pathText } from './reading/path-text.ts'
import { type ReadDeps, readMapping } from './reading/read-mapping.ts'

/** The size of a ConfigMap of Kubernetes. YAML of this size takes about a second. */
const MOST_BYTES = 1024 * 1024

export interface CompileOptions {
  /** The folder of the file, from which relative paths start. */
  readonly folder: string
  /** Returns the place of a value for people: `mapping.yaml:12:14 rules[1].event`. */
  readonly placeOf: (path: MappingPath) => string
}

export interface LoadDeps extends ReadDeps {
  /** Compiles a file of sound structure, or resolves with all mistakes in it. */
  readonly compile: (
    file: MappingFile,
    options: CompileOptions,
  ) => Promise<CompiledMapping | readonly Problem[]>
}

export interface LoadedMapping {
  readonly mapping: CompiledMapping
  readonly file: MappingFile
  readonly positionOf: (path: MappingPath) => Position
}

/** A mapping file with mistakes. The message has a line for each, and perhaps lines that show it. */
export class InvalidMappingError extends Error {
  override readonly name = 'InvalidMappingError'

  constructor(path: string, problems: readonly LocatedProblem[]) {
    super(problems.map((problem) => lineOf(path, problem)).join('\n'))
  }
}

/**
 * Loads a mapping file, `.yaml`, `.yml` or `.json`. Rejects with an `InvalidMappingError` that names
 * all mistakes in it, or with the error of the file system.
 */
export async function loadMapping(path: string, deps: LoadDeps): Promise<LoadedMapping> {
  const read = readMapping(await textAt(path), deps)
  if (read.kind === 'broken') throw new InvalidMappingError(path, read.problems)
  const { file, locate, positionOf } = read
  const placeOf = (place: MappingPath) => {
    const { line, column } = positionOf(place)
    return `${path}:${line}:${column} ${pathText(place)}`
  }
  const mapping = await deps.compile(file, { folder: dirname(resolve(path)), placeOf })
  if (isProblems(mapping)) throw new InvalidMappingError(path, locate(mapping))
  return { mapping, file, positionOf }
}

function isProblems(mapping: CompiledMapping | readonly Problem[]): mapping is readonly Problem[] {
  return Array.isArray(mapping)
}

async function textAt(path: string): Promise<string> {
  const { size } = await stat(path)
  if (size > MOST_BYTES) {
    const text = `the file has ${(size / MOST_BYTES).toFixed(1)} MiB, and may have 1 MiB`
    throw new InvalidMappingError(path, [{ line: 1, text }])
  }
  const bytes = await readFile(path)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new InvalidMappingError(path, [{ line: 1, text: 'the file is not UTF-8' }])
  }
}

function lineOf(path: string, { line, column, text }: LocatedProblem): string {
  return `${path}:${line}${column === undefined ? '' : `:${column}`} ${text}`
}
