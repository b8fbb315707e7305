import { plainValueOf, valueAt } from './value-at.ts'

/** Makes the value of a property; `undefined` when there is none. */
export type ReadValue = (value: unknown) => unknown

/** A path in the source, the property that its value becomes, and how it is read. */
export type NameRow = readonly [path: string, name: string, read?: ReadValue]

export type Properties = Record<string, unknown>

/**
 * Makes the function that reads the named properties of an input. When several rows have one name,
 * the first that has a value counts. Without a `read`, only texts, numbers and booleans count.
 */
export function createNames(rows: readonly NameRow[]): (input: unknown) => Properties {
  const steps = rows.map(([path, name, read = plainValueOf]) => {
    return { keys: path.split('.'), name, read }
  })

  return function namesOf(input) {
    const named: Properties = {}
    for (const { keys, name, read } of steps) {
      if (named[name] !== undefined) continue
      const value = valueAt(input, keys)
      const found = value === undefined ? undefined : read(value)
      if (found !== undefined) named[name] = found
    }
    return named
  }
}

/**
 * The names by which Mixpanel finds the user, the time and the copies of an event
 * (https://docs.mixpanel.com/docs/data-structure/property-reference/reserved-properties). A preset
 * alone sets them.
 */
const OWN_NAMES = [
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
]

/** Copies properties of the source without the names that a preset alone sets. */
export function withoutOwnNames(properties: Readonly<Properties>): Properties {
  const copy = { ...properties }
  for (const name of OWN_NAMES) if (Object.hasOwn(copy, name)) delete copy[name]
  return copy
}

/** Sets a property of any name. An assignment to `__proto__` would set none. */
export function setProperty(properties: Properties, name: string, value: unknown): void {
  if (name !== '__proto__') properties[name] = value
  else
    Object.defineProperty(properties, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
}
