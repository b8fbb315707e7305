import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A TypeScript file, by its path below a folder. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** Reads all TypeScript files below a folder of the repository, such as `src/`. */
export function sourcesIn(folder: string): readonly Source[] {
  return globSync(`**/*.ts`, { cwd: `${ROOT}${folder}`, exclude: ['**/node_modules'] }).map(
    (path) => ({ path, text: readFileSync(`${ROOT}${folder}${path}`, 'utf8') }),
  )
}

/** Relative imports as paths below the folder of the source; of types too, and what is exported onward. */
export function importsOf({ path, text }: Source): readonly string[] {
  const found = withoutComments(text).matchAll(/\b(?:from|import)\b[\s(]*'(\.[^']*\.ts)'/g)
  return [...found].map(([, target = '']) => posix.join(posix.dirname(path), target))
}

/** Returns the same text without its comments. */
export function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
}

/** Returns each cycle of imports once, as the paths from a file to itself. */
export function cyclesIn(sources: readonly Source[]): readonly string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const finished = new Set<string>()
  return sources.flatMap(({ path }) => cyclesFrom(path, []))

  function cyclesFrom(path: string, way: readonly string[]): readonly string[] {
    const source = byPath.get(path)
    if (way.includes(path)) return [[...way.slice(way.indexOf(path)), path].join(' -> ')]
    if (!source || finished.has(path)) return []
    const cycles = importsOf(source).flatMap((target) => cyclesFrom(target, [...way, path]))
    finished.add(path)
    return cycles
  }
}
