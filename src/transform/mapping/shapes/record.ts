import { isObject } from '../../../lib/json/is-object.ts'
import { put } from '../../../lib/json/put.ts'
import { isRawNumber } from '../expressions/exact-numbers.ts'
import { MappingFault } from '../mapping-fault.ts'

/** An object of JSON that its maker may change. */
export type JsonRecord = Record<string, unknown>

/** The number of members from which V8 keeps an object as a hash table. */
const LARGE = 1_000
/** The most members of an object of properties: 50 ms for all steps. Mixpanel takes fewer than 255. */
export const MOST_MEMBERS = 20_000

const TOO_MANY = new MappingFault('error', `an object has more than ${MOST_MEMBERS} members`)

/** Whether a value is an object of JSON. A number that a double cannot hold is none. */
export function isRecord(value: unknown): value is Readonly<JsonRecord> {
  return isObject(value) && !isRawNumber(value)
}

/** Returns a copy of an object. Throws a `MappingFault` for one of too many members. */
export function copyOf(object: Readonly<JsonRecord>): JsonRecord {
  const names = Object.keys(object)
  if (names.length > MOST_MEMBERS) throw TOO_MANY
  // Each is twice as fast as the other on its side.
  if (names.length < LARGE) return { ...object }
  const copy: JsonRecord = {}
  for (const name of names) put(copy, name, object[name])
  return copy
}

/** Returns an object without these members. The object is the caller's own, and may change. */
export function without(object: JsonRecord, names: ReadonlySet<string>): JsonRecord {
  const all = Object.keys(object)
  if (all.length < LARGE) return rest(object, all, names)
  for (const name of names) delete object[name]
  return object
}

/** Copies the other members: a small object from which one is deleted is slow from then on. */
function rest(
  object: Readonly<JsonRecord>,
  all: readonly string[],
  names: ReadonlySet<string>,
): JsonRecord {
  const copy: JsonRecord = {}
  for (const name of all) if (!names.has(name)) put(copy, name, object[name])
  return copy
}
