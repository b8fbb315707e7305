import type { CompiledExpression } from '../../../../src/transform/mapping/compiled-mapping.ts'
import { readMapping } from '../../../../src/transform/mapping/reading/read-mapping.ts'

/** Takes every expression for a good one, but those with the word BAD. */
function compile(source: string): CompiledExpression {
  const offset = source.indexOf('BAD')
  if (offset !== -1) return { kind: 'faulty', text: 'this is bad', offset }
  return {
    kind: 'expression',
    expression: { source, evaluate: () => null, whyNot: () => '' },
  }
}

export const COMPILERS = { condition: compile, template: compile }

/** Returns the mistakes in the text of a mapping file, each as `line:column text`. */
export function problemsIn(text: string): string[] {
  const read = readMapping(text, COMPILERS)
  if (read.kind === 'read') return []
  return read.problems.map(({ line, column, text: problem }) =>
    [line, ...(column === undefined ? [] : [column])].join(':').concat(' ', problem),
  )
}
