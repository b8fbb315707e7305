import { isObject } from '../../../lib/json/is-object.ts'
import { isRawNumber } from '../expressions/exact-numbers.ts'

/** An object of JSON that its maker may change. */
export type JsonRecord = Record<string, unknown>

/** Whether a value is an object of JSON. A number that a double cannot hold is none. */
export function isRecord(value: unknown): value is Readonly<JsonRecord> {
  return isObject(value) && !isRawNumber(value)
}

/** Sets a member of an object, whatever its name. `__proto__` is a name like any other. */
export function put(object: JsonRecord, name: string, value: unknown): void {
  if (name !== '__proto__') {
    object[name] = value
    return
  }
  Object.defineProperty(object, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  })
}

/** Returns a copy of an object without these members. */
export function without(object: Readonly<JsonRecord>, names: ReadonlySet<string>): JsonRecord {
  const rest: JsonRecord = {}
  for (const name of Object.keys(object)) if (!names.has(name)) put(rest, name, object[name])
  return rest
}
