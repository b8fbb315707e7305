import { put } from '../../lib/json/put.ts'
import { hasMembers, plainValueOf } from './value-at.ts'

/** Makes the value of a property; `undefined` when there is none. */
export type ReadValue = (value: unknown) => unknown

/** A path in the source, the property that its value becomes, and how it is read. */
export type NameRow = readonly [path: string, name: string, read?: ReadValue]

export type Properties = Record<string, unknown>

/** Sets the named properties of an input. They win over those that are set already. */
export type SetNames = (properties: Properties, input: unknown) => void

interface Source {
  readonly keys: readonly string[]
  readonly read: ReadValue
}

/**
 * Makes the function that sets the named properties. When several rows have one name, the first
 * that has a value counts. Without a `read`, only texts, numbers and booleans count. No key of a
 * path may be that of a member which all objects have.
 */
export function createNames(rows: readonly NameRow[]): SetNames {
  const sources = new Map<string, Source[]>()
  for (const [path, name, read = plainValueOf] of rows) {
    const source = { keys: path.split('.'), read }
    sources.set(name, [...(sources.get(name) ?? []), source])
  }
  const names = [...sources]

  return function setNames(properties, input) {
    for (const [name, ofName] of names) {
      const value = firstValueOf(input, ofName)
      if (value !== undefined) properties[name] = value
    }
  }
}

function firstValueOf(input: unknown, sources: readonly Source[]): unknown {
  for (const { keys, read } of sources) {
    let value = input
    for (const key of keys) value = hasMembers(value) ? value[key] : undefined
    const found = value === undefined ? undefined : read(value)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * The names by which Mixpanel finds the user, the time and the copies of an event
 * (https://docs.mixpanel.com/docs/data-structure/property-reference/reserved-properties). A preset
 * alone sets them.
 */
const OWN_NAMES: ReadonlySet<string> = new Set([
  'distinct_id',
  '$distinct_id',
  '$distinct_ids',
  '$user_id',
  '$device_id',
  '$identified_id',
  '$anon_id',
  '$insert_id',
  'time',
  '$time',
])

/** Copies properties of the source without the names that a preset alone sets. */
export function withoutOwnNames(
  given: Readonly<Properties>,
  leaves: (name: string) => boolean = () => false,
): Properties {
  const copy: Properties = {}
  for (const name of Object.keys(given))
    if (!OWN_NAMES.has(name) && !leaves(name)) put(copy, name, given[name])
  return copy
}

/** Sets all properties of a source. */
export function setProperties(properties: Properties, given: Readonly<Properties>): void {
  for (const name of Object.keys(given)) put(properties, name, given[name])
}
