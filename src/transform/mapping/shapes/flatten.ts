import { put } from '../../../lib/json/put.ts'
import { MappingFault } from '../mapping-fault.ts'
import { isRecord, type JsonRecord, MOST_MEMBERS } from './record.ts'

/** The most characters of dotted names. An event with more is too large for Mixpanel. */
const MOST_CHARACTERS = 2 * 1024 * 1024

type Given = Readonly<JsonRecord>

/**
 * Returns the properties with at most `levels` levels of objects, of which they are the first. The
 * members of a deeper object get dotted names. Lists stay. Throws a `MappingFault` when the names
 * are too many or too long.
 */
export function flatten(given: JsonRecord, levels: number): JsonRecord {
  const names = { count: 0, characters: 0 }
  return isFlat(given) ? given : flattened(given, levels)

  function flattened(object: Given, left: number): JsonRecord {
    const flat: JsonRecord = {}
    for (const name of Object.keys(object)) {
      const value = object[name]
      if (!isRecord(value)) put(flat, name, value)
      else if (left > 1) put(flat, name, flattened(value, left - 1))
      else addMembers(flat, name, value)
    }
    return flat
  }

  /** Adds the members of an object. An empty one has no members, and stays. */
  function addMembers(flat: JsonRecord, prefix: string, object: Given): void {
    const members = Object.keys(object)
    if (members.length === 0) put(flat, prefix, object)
    for (const member of members) {
      const value = object[member]
      const name = `${prefix}.${member}`
      if (isRecord(value)) addMembers(flat, name, value)
      else {
        take(name)
        put(flat, name, value)
      }
    }
  }

  function take({ length }: string): void {
    names.count += 1
    names.characters += length
    if (names.count > MOST_MEMBERS || names.characters > MOST_CHARACTERS) {
      throw new MappingFault('error', 'flatten: the dotted names are too many, or too long')
    }
  }
}

/** Whether no property is an object, as in most events. */
function isFlat(given: Given): boolean {
  for (const name of Object.keys(given)) if (isRecord(given[name])) return false
  return true
}
