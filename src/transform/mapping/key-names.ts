import { readMapping } from './reading/read-mapping.ts'
import { readText } from './reading/read-text.ts'

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
