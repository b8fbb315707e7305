import type { MappingPath } from '../compiled-mapping.ts'

/** A key that needs no quotes in the text of a path. */
const PLAIN_KEY = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u

/** The characters of a key that are shown. */
const SHOWN = 60

/** Returns a path for people: `rules[1].properties.set["a b"]`; `the file` for the whole file. */
export function pathText(path: MappingPath): string {
  if (path.length === 0) return 'the file'
  return path.map(partText).join('').replace(/^\./, '')
}

function partText(part: string | number): string {
  if (typeof part === 'number') return `[${part}]`
  if (part.length > SHOWN) return `[${JSON.stringify(`${part.slice(0, SHOWN)}…`)}]`
  return PLAIN_KEY.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`
}
