import { readMapping } from '../../../../src/transform/mapping/reading/read-mapping.ts'

/** Returns the mistakes in the text of a mapping file, each as `line:column text`. */
export function problemsIn(text: string): string[] {
  const read = readMapping(text)
  if (read.kind === 'read') return []
  return read.problems.map(({ line, column, text: problem }) =>
    [line, ...(column === undefined ? [] : [column])].join(':').concat(' ', problem),
  )
}
