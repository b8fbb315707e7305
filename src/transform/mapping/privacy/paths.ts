import { foldName } from './names.ts'

/** A path of the privacy section. One that begins with `**.` reaches names at any depth. */
export interface Path {
  readonly isAnywhere: boolean
  /** The names from the outside in; folded when the path begins with `**.`. */
  readonly names: readonly string[]
}

export type ReadPath = Readonly<
  { kind: 'path'; path: Path } | { kind: 'faulty'; text: string; offset: number }
>

const ANYWHERE = '**.'

/** Reads a path: names joined by dots, `**.` perhaps before them. */
export function readPath(source: string): ReadPath {
  const isAnywhere = source.startsWith(ANYWHERE)
  const offset = isAnywhere ? ANYWHERE.length : 0
  const names = source.slice(offset).split('.')
  const fault = faultOf(names, isAnywhere)
  if (fault !== undefined) return { kind: 'faulty', text: fault, offset }
  return { kind: 'path', path: { isAnywhere, names: isAnywhere ? names.map(foldName) : names } }
}

/** Returns what is wrong with the names of a path, and what to write instead. */
function faultOf(names: readonly string[], isAnywhere: boolean): string | undefined {
  if (names.includes('')) return 'a path needs a name between, before and after its dots'
  if (names.includes('**')) return '`**` may stand only at the beginning, as in `**.email`'
  if (names.some((name) => /[*[\]]/.test(name)))
    return 'a path has no `*` and no brackets: it reaches every element of a list by itself'
  if (names.some((name) => name !== name.trim()))
    return 'a name in a path has white space at its beginning or end'
  if (isAnywhere) return names.every(foldName) ? undefined : 'a name behind `**` needs a letter'
  if (names[0] === 'properties')
    return 'a path starts at the properties: leave `properties.` out, or begin with `**.`'
  return undefined
}
