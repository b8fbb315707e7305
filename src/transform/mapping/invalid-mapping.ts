import type { LocatedProblem } from './reading/locate.ts'

/** The most mistakes that are told. */
const MOST_SHOWN = 100

/**
 * A mapping file with mistakes. The message has a line for each, and perhaps lines that show it. Its
 * class is another one in each file of the bundle, so `isInvalidMapping` looks at the name.
 */
export class InvalidMappingError extends Error {
  override readonly name = 'InvalidMappingError'

  constructor(path: string, problems: readonly LocatedProblem[]) {
    const lines = problems.slice(0, MOST_SHOWN).map((problem) => lineOf(path, problem))
    const more = problems.length - lines.length
    super([...lines, ...(more > 0 ? [`…and ${more} more`] : [])].join('\n'))
  }
}

export function isInvalidMapping(error: unknown): error is InvalidMappingError {
  return error instanceof Error && error.name === 'InvalidMappingError'
}

function lineOf(path: string, { line, column, text }: LocatedProblem): string {
  return `${path}:${line}${column === undefined ? '' : `:${column}`} ${text}`
}
