import { loadModule } from '../transform/load-transform.ts'
import type { LoadedMapping } from '../transform/mapping/load-mapping.ts'
import type { Io } from './frame/io.ts'
import { asUserMistakes } from './mapping-mistakes.ts'

/**
 * Loads a mapping file for a look at what it does. A key that is not set is replaced by a fixed one,
 * which stderr says. Rejects with the mistakes in the file as those of the user.
 */
export async function loadMappingFile(
  path: string,
  { env, stderr }: Pick<Io, 'env' | 'stderr'>,
): Promise<LoadedMapping> {
  const { loadMapping } = await import('../transform/mapping/load-mapping.ts')
  const loaded = await asUserMistakes(loadMapping(path, { env, keys: 'fixed', loadModule }))
  for (const name of loaded.privacy?.fixedKeys ?? []) {
    stderr.print(`${name} is not set: a fixed key stands in for it`)
  }
  return loaded
}
