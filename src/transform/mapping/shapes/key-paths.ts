import { copyOf, isRecord, type JsonRecord, put, without } from './record.ts'

type Given = Readonly<JsonRecord>

/** A name in the file, and its parts: dots may lead to a member of an object. */
interface KeyPath {
  readonly name: string
  readonly parts: readonly string[]
}

/** Makes a function that returns a copy of the properties with these names alone. */
export function createPick(names: readonly string[]): (given: Given) => JsonRecord {
  const paths = names.map(keyPathOf)
  return (given) => {
    let picked: JsonRecord = {}
    for (const path of paths) {
      const value = valueAt(given, path)
      if (value === undefined) continue
      if (Object.hasOwn(given, path.name)) put(picked, path.name, value)
      else picked = withMember(picked, path.parts, value)
    }
    return picked
  }
}

/** Makes a function that returns the properties without these names. */
export function createOmit(names: readonly string[]): (given: JsonRecord) => JsonRecord {
  const all = new Set(names)
  const nested = names.map(keyPathOf).filter(({ parts }) => parts.length > 1)
  return (given) => {
    let rest = without(given, all)
    for (const { parts } of nested) rest = withoutMember(rest, parts)
    return rest
  }
}

/** Makes a function that returns the properties under their new names. */
export function createRename(
  newNames: Readonly<Record<string, string>>,
): (given: JsonRecord) => JsonRecord {
  const renames = Object.entries(newNames).map(([name, to]) => {
    return { path: keyPathOf(name), to, omit: createOmit([name]) }
  })
  return (given) => {
    const found = renames.flatMap((rename) => {
      const value = valueAt(given, rename.path)
      return value === undefined ? [] : [{ ...rename, value }]
    })
    let renamed = given
    for (const { omit } of found) renamed = omit(renamed)
    for (const { to, value } of found) put(renamed, to, value)
    return renamed
  }
}

function keyPathOf(name: string): KeyPath {
  return { name, parts: name.split('.') }
}

/** Returns the value of a name. A property with the whole name comes before a member. */
function valueAt(given: Given, { name, parts }: KeyPath): unknown {
  if (Object.hasOwn(given, name)) return given[name]
  let value: unknown = given
  for (const part of parts) {
    if (!isRecord(value) || !Object.hasOwn(value, part)) return undefined
    value = value[part]
  }
  return value
}

function withMember(
  object: Given,
  [first = '', ...more]: readonly string[],
  value: unknown,
): JsonRecord {
  const copy = copyOf(object)
  const child = Object.hasOwn(object, first) ? object[first] : undefined
  put(
    copy,
    first,
    more.length === 0 ? value : withMember(isRecord(child) ? child : {}, more, value),
  )
  return copy
}

function withoutMember(object: JsonRecord, [first = '', ...more]: readonly string[]): JsonRecord {
  const child = Object.hasOwn(object, first) ? object[first] : undefined
  if (child === undefined) return object
  if (more.length === 0) return without(object, new Set([first]))
  if (!isRecord(child)) return object
  put(object, first, withoutMember(copyOf(child), more))
  return object
}
