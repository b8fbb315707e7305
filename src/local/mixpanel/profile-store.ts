import type { ProfileUpdate } from './profile-updates.ts'
import { isObject, type JsonObject } from './record.ts'

/** A profile of a user or of a group, with the updates applied in the order they arrived. */
export interface Profile {
  /** `$distinct_id`, or `$group_key` and `$group_id`. */
  readonly id: readonly string[]
  readonly properties: JsonObject
}

export interface ProfileStore {
  /** Applies an update, or changes nothing and says why. */
  apply(update: ProfileUpdate): 'applied' | { readonly error: string }
  /** The profiles, in the order of their creation. */
  profiles(): readonly Profile[]
  clear(): void
}

// reference/user-profile-limits
const MAX_PROPERTIES = 2000
const MAX_NAME_CHARACTERS = 255
const MAX_VALUE_BYTES = 256 * 1024

/** Creates an empty store, in memory. */
export function createProfileStore(): ProfileStore {
  const kept = new Map<string, Profile>()

  return { apply, profiles: () => [...kept.values()], clear: () => kept.clear() }

  function apply({ id, op, value }: ProfileUpdate): 'applied' | { readonly error: string } {
    const key = JSON.stringify(id)
    const change = op(kept.get(key)?.properties ?? {}, value)
    switch (change.kind) {
      case 'unfit':
        return { error: 'the operation does not take such a value' }
      case 'deleted':
        kept.delete(key)
        return 'applied'
      case 'changed': {
        const error = findComplaint(change.properties)
        if (error !== undefined) return { error }
        kept.set(key, { id, properties: change.properties })
        return 'applied'
      }
    }
  }
}

function findComplaint(properties: JsonObject): string | undefined {
  const entries = Object.entries(properties)
  if (entries.length > MAX_PROPERTIES) return 'a profile has 2000 properties at most'
  if (entries.some(([name]) => Array.from(name).length > MAX_NAME_CHARACTERS)) {
    return 'the name of a property has 255 characters at most'
  }
  const large = entries.some(([, value]) => bytesOf(value) > MAX_VALUE_BYTES)
  return large ? 'a list or an object has 256KB at most' : undefined
}

function bytesOf(value: unknown): number {
  const counted = Array.isArray(value) || isObject(value)
  return counted ? Buffer.byteLength(JSON.stringify(value)) : 0
}
