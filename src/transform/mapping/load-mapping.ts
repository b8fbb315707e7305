import { dirname, resolve } from 'node:path'
import type { Transform } from '../transform.ts'
import { compileMapping } from './compile-mapping.ts'
import type { CompiledMapping, MappingPath, Problem } from './compiled-mapping.ts'
import { InvalidMappingError } from './invalid-mapping.ts'
import type { MappingFile } from './mapping-file.ts'
import { type CompiledPrivacy, compilePrivacy, type Privacy } from './privacy/compile-privacy.ts'
import type { KeyOptions } from './privacy/hash-keys.ts'
import { withPrivacy } from './privacy/with-privacy.ts'
import type { Position } from './reading/locate.ts'
import { pathText } from './reading/path-text.ts'
import { readMapping } from './reading/read-mapping.ts'
import { readText } from './reading/read-text.ts'
import { problemsInSoundSections } from './sound-sections.ts'

export interface LoadOptions extends KeyOptions {
  /**
   * Loads the module that a file names in the place of rules, by its full path. With `isPrivate`,
   * the outcomes of the transform must hold no text of an error.
   */
  readonly loadModule: (path: string, isPrivate: boolean) => Promise<Transform>
}

/** A mapping file that is ready to run, with its privacy section applied to all that it makes. */
export interface LoadedMapping {
  readonly mapping: CompiledMapping
  /** Absent for a file without a privacy section. */
  readonly privacy?: Privacy
  readonly file: MappingFile
  /** Returns the place of a value in the file. */
  readonly positionOf: (path: MappingPath) => Position
}

/**
 * Loads a mapping file, `.yaml`, `.yml` or `.json`. With a `text`, loads that in the place of the
 * file's. Rejects with an `InvalidMappingError` that names all mistakes in it, or with the error of
 * the file system.
 */
export async function loadMapping(
  path: string,
  options: LoadOptions,
  text: string | Promise<string> = readText(path),
): Promise<LoadedMapping> {
  const read = readMapping(await text)
  if (read.kind === 'broken') {
    const more = await problemsInSoundSections(read.value, options)
    throw new InvalidMappingError(path, read.locate(more))
  }
  const { file, locate, positionOf } = read
  const section = file.privacy && compilePrivacy(file.privacy, options)
  const mapping = await compile(file, { path, positionOf, ...options })
  if (isProblems(mapping) || section?.kind === 'faulty') {
    const problems = [...problemsOf(section), ...(isProblems(mapping) ? mapping : [])]
    throw new InvalidMappingError(path, locate(problems))
  }
  if (section === undefined) return { mapping, file, positionOf }
  const { privacy } = section
  return { mapping: redacting(mapping, privacy), privacy, file, positionOf }
}

/**
 * Returns the names of the variables that hold keys of a mapping file. A file that cannot be read
 * names none.
 */
export async function keyNamesIn(path: string): Promise<readonly string[]> {
  try {
    const read = readMapping(await readText(path))
    const { privacy = [] } = read.kind === 'read' ? read.file : {}
    return privacy.flatMap((step) => ('key' in step ? [step.key] : []))
  } catch {
    return []
  }
}

async function compile(
  file: MappingFile,
  deps: Pick<LoadOptions, 'loadModule'> &
    Pick<LoadedMapping, 'positionOf'> & { readonly path: string },
): Promise<CompiledMapping | readonly Problem[]> {
  const { path, positionOf, loadModule } = deps
  const { module, privacy } = file
  if (module !== undefined) {
    const modulePath = resolve(dirname(path), module)
    return moduleMapping(() => loadModule(modulePath, privacy !== undefined))
  }
  return compileMapping(file, {
    placeOf: (place) => {
      const { line, column } = positionOf(place)
      return `${path}:${line}:${column} ${pathText(place)}`
    },
  })
}

/** Makes a mapping without rules of a module. */
async function moduleMapping(
  loadModule: () => Promise<Transform>,
): Promise<CompiledMapping | readonly Problem[]> {
  try {
    const transform = await loadModule()
    return {
      transform,
      rules: [],
      explain: (value, line, message) => ({ result: transform(value, line, message), steps: [] }),
    }
  } catch (error) {
    return [{ path: ['module'], text: error instanceof Error ? error.message : String(error) }]
  }
}

/** Applies a privacy section to all that a mapping makes. */
function redacting(mapping: CompiledMapping, privacy: Privacy): CompiledMapping {
  return {
    ...mapping,
    transform: withPrivacy(mapping.transform, privacy),
    explain: (value, line, message) => {
      const { result, steps } = mapping.explain(value, line, message)
      return { result: withPrivacy(() => result, privacy)(value, line, message), steps }
    },
  }
}

function problemsOf(section: CompiledPrivacy | undefined): readonly Problem[] {
  return section?.kind === 'faulty' ? section.problems : []
}

function isProblems(mapping: CompiledMapping | readonly Problem[]): mapping is readonly Problem[] {
  return Array.isArray(mapping)
}
