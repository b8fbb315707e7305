import { execFile } from 'node:child_process'
import { dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { types } from 'node:util'
import { isInvalidMapping } from './mapping/invalid-mapping.ts'
import { syntaxErrorAt, thrownAt } from './position.ts'
import { createTransform, type Transform } from './transform.ts'

type Module = Readonly<Record<string, unknown>>

const MODULES = ['.js', '.mjs', '.ts']
const MAPPINGS = ['.yaml', '.yml', '.json']
const LOCATE_WITHIN_MS = 5_000
const MOST_NAMES = 5

/** The source of the keys of a mapping's privacy section. */
export interface TransformOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether a key that is not set is a mistake, or replaced by a fixed one. */
  readonly keys: 'environment' | 'fixed'
}

/** A transform that cannot be loaded. The message says what the owner has to do. */
export class TransformNotLoadedError extends Error {
  override readonly name = 'TransformNotLoadedError'
}

/** Whether `TRANSFORM` names a mapping file, by its extension. */
export function isMappingPath(path: string): boolean {
  return MAPPINGS.includes(extname(path))
}

/**
 * Loads the owner's mapping file or module, by its extension. A relative path starts at the working
 * folder. Rejects with an error that says what to do when it cannot be loaded.
 */
export async function loadTransform(path: string, options: TransformOptions): Promise<Transform> {
  if (!isMappingPath(path)) {
    return createTransform(
      await functionIn(path, 'TRANSFORM', [...MAPPINGS, ...MODULES]),
      folderOf(path),
    )
  }
  // The libraries that read mappings make the start slower. Only a mapping needs them.
  const { loadMapping } = await import('./mapping/load-mapping.ts')
  try {
    const { mapping } = await loadMapping(path, { ...options, loadModule })
    return mapping.transform
  } catch (error) {
    throw isInvalidMapping(error) ? error : notLoaded('TRANSFORM', path, error)
  }
}

/**
 * Loads a module, `.js`, `.mjs` or `.ts`, that stands in a mapping file in the place of rules. With
 * `isPrivate`, the outcomes of the transform hold no text of an error.
 */
export async function loadModule(path: string, isPrivate: boolean): Promise<Transform> {
  return createTransform(await functionIn(path, 'module'), folderOf(path), isPrivate)
}

/** Makes the function that mends the event of one letter. It is a transform of one event. */
export type FixOf<Letter extends object> = (letter: Letter) => Transform

/**
 * Loads a module that mends events of dead letters. Its function gets the event, or its text when
 * that is no JSON, and the letter. Rejects as `loadTransform` does.
 */
export async function loadFix<Letter extends object>(path: string): Promise<FixOf<Letter>> {
  const fix: (event: unknown, letter: Letter) => unknown = await functionIn(path, '--fix')
  const folder = folderOf(path)
  return (letter) => createTransform((event) => fix(event, { ...letter }), folder)
}

type OwnersExport = (input: unknown, second: object) => unknown

/**
 * Returns the function that a module exports. `name` is what the owner set to the path, and
 * `extensions` what the path may end in.
 */
async function functionIn(
  path: string,
  name: string,
  extensions: readonly string[] = MODULES,
): Promise<OwnersExport> {
  if (!MODULES.includes(extname(path))) {
    throw new TransformNotLoadedError(
      `${name} ${path} must end in ${extensions.slice(0, -1).join(', ')} or ${extensions.at(-1)}`,
    )
  }
  const module = await moduleAt(path, name)
  if (isPlainFunction(module.default)) return module.default
  throw new TransformNotLoadedError(
    `${name} ${path} must export a function (input, context) => event as its default, ` +
      `but ${exportsOf(module)}`,
  )
}

async function moduleAt(path: string, name: string): Promise<Module> {
  try {
    const module: Module = await import(pathToFileURL(resolve(path)).href)
    return module
  } catch (error) {
    const place = error instanceof Error ? await placeOf(error, path) : undefined
    throw notLoaded(name, path, error, place)
  }
}

function notLoaded(
  name: string,
  path: string,
  error: unknown,
  place?: string,
): TransformNotLoadedError {
  const why = error instanceof Error ? error.message : 'it throws while it loads'
  const placed = place === undefined ? why : `${place}: ${why}`
  return new TransformNotLoadedError(`${name} ${path} cannot be loaded: ${placed}`, {
    cause: error,
  })
}

/** Returns the place of the fault in the module, or in one that it imports. */
async function placeOf(error: Error, path: string): Promise<string | undefined> {
  const folder = folderOf(path)
  const known =
    thrownAt(error, { folder, url: import.meta.url }) ?? syntaxErrorAt(String(error.stack), folder)
  if (known !== undefined || !(error instanceof SyntaxError)) return known
  return syntaxErrorAt(await printedOf(path), folder)
}

/**
 * Returns the text that Node prints about a module that cannot be parsed. The error itself does not
 * name the place of the fault. No code of a module runs before all its imports are parsed.
 */
function printedOf(path: string): Promise<string> {
  const options = { env: {}, timeout: LOCATE_WITHIN_MS }
  return new Promise((answer) => {
    execFile(process.execPath, [resolve(path)], options, (_error, _stdout, stderr) => {
      answer(stderr)
    })
  })
}

/** Describes the export that is not the function. */
function exportsOf(module: Module): string {
  if (!('default' in module)) return withoutDefault(Object.keys(module))
  const { default: found } = module
  if (typeof found !== 'function')
    return `exports a value of type ${typeof found}${membersOf(found)}`
  if (isClass(found)) return 'exports a class'
  return 'exports a function that is async or a generator: it must answer at once'
}

function withoutDefault(names: readonly string[]): string {
  if (names.length === 0) return 'exports nothing'
  return `has no default export, only ${listOf(names)}: write \`export default\` before the function`
}

/** Names the members of an object. In CommonJS, all exports are one object. */
function membersOf(found: unknown): string {
  const names = typeof found === 'object' && found !== null ? Object.keys(found) : []
  return names.length === 0 ? '' : `, with ${listOf(names)}`
}

function listOf(names: readonly string[]): string {
  return names.slice(0, MOST_NAMES).join(', ')
}

function isPlainFunction(found: unknown): found is OwnersExport {
  if (typeof found !== 'function' || isClass(found)) return false
  return !types.isAsyncFunction(found) && !types.isGeneratorFunction(found)
}

/** Whether a function is a class, which cannot be called. */
function isClass(found: CallableFunction): boolean {
  return /^class\b/.test(Function.prototype.toString.call(found))
}

function folderOf(path: string): string {
  return dirname(resolve(path))
}
