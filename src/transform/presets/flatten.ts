import { isObject } from '../../lib/json/is-object.ts'
import { put } from '../../lib/json/put.ts'
import type { Properties } from './names.ts'

/** The levels of objects that become dotted names. Deeper objects stay values. */
const LEVELS = 3

/** Returns the members of an object, those of its inner objects with dotted names: `user.plan`. */
export function flattened(object: Readonly<Properties>): Properties {
  const flat: Properties = {}
  addMembers(flat, object, '', LEVELS)
  return flat
}

function addMembers(
  flat: Properties,
  object: Readonly<Properties>,
  prefix: string,
  levels: number,
): void {
  for (const [key, value] of Object.entries(object)) {
    const name = `${prefix}${key}`
    if (levels > 1 && isObject(value) && Object.keys(value).length > 0) {
      addMembers(flat, value, `${name}.`, levels - 1)
    } else put(flat, name, value)
  }
}
