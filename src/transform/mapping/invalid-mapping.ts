import type { LocatedProblem } from './reading/locate.ts'

/** A mapping file with mistakes. The message has a line for each, and perhaps lines that show it. */
export class InvalidMappingError extends Error {
  override readonly name = 'InvalidMappingError'

  constructor(path: string, problems: readonly LocatedProblem[]) {
    super(problems.map((problem) => lineOf(path, problem)).join('\n'))
  }
}

function lineOf(path: string, { line, column, text }: LocatedProblem): string {
  return `${path}:${line}${column === undefined ? '' : `:${column}`} ${text}`
}
