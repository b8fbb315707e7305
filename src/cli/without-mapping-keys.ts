import { findTransformPath } from '../config/load-config.ts'
import { VARIABLE_NAMES } from '../config/schema.ts'
import { isMappingPath } from '../transform/load-transform.ts'
import type { Io } from './frame/io.ts'

/**
 * Returns the environment without the keys that the mapping names. They are no variables of the
 * service, even if their names look so.
 */
export async function withoutMappingKeys(env: Io['env']): Promise<Io['env']> {
  const path = findTransformPath(env)
  if (path === undefined || !isMappingPath(path)) return env
  const { keyNamesIn } = await import('../transform/mapping/load-mapping.ts')
  const keys = new Set(await keyNamesIn(path))
  for (const name of VARIABLE_NAMES) keys.delete(name)
  return Object.fromEntries(Object.entries(env).filter(([name]) => !keys.has(name)))
}
