import { findTransformPath } from '../config/load-config.ts'
import { VARIABLE_NAMES } from '../config/schema.ts'
import { isMappingPath } from '../transform/load-transform.ts'
import type { Io } from './frame/io.ts'

/**
 * Returns the environment without the keys that the mapping names. They are no variables of the
 * service, even if their names look so.
 */
export async function withoutMappingKeys(env: Io['env']): Promise<Io['env']> {
  const keys = await keyNames(env)
  return Object.fromEntries(Object.entries(env).filter(([name]) => !keys.has(name)))
}

/** Returns the keys that the mapping names and the environment holds. */
export async function mappingKeys(env: Io['env']): Promise<Readonly<Record<string, string>>> {
  const keys = await keyNames(env)
  return Object.fromEntries([...keys].flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
}

async function keyNames(env: Io['env']): Promise<ReadonlySet<string>> {
  const path = findTransformPath(env)
  if (path === undefined || !isMappingPath(path)) return new Set()
  const { keyNamesIn } = await import('../transform/mapping/load-mapping.ts')
  const keys = new Set(await keyNamesIn(path))
  for (const name of VARIABLE_NAMES) keys.delete(name)
  return keys
}
