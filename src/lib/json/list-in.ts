import { isObject } from './is-object.ts'

/** Returns the list in this field of a JSON value; an empty one when there is none. */
export function listIn(value: unknown, name: string): readonly unknown[] {
  const list = isObject(value) ? value[name] : undefined
  return Array.isArray(list) ? list : []
}
