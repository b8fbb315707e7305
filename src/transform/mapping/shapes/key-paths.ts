import { put } from '../../../lib/json/put.ts'
import { copyOf, isRecord, type JsonRecord, without } from './record.ts'

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
    const picked: JsonRecord = {}
    for (const path of paths) {
      const value = valueAt(given, path)
      if (value === undefined) continue
      if (Object.hasOwn(given, path.name)) put(picked, path.name, value)
      else setMember(picked, path.parts, value)
    }
    return picked
  }
}

/** The names that go at one level of objects, and at the levels below. */
interface Omission {
  readonly names: Set<string>
  readonly below: Map<string, Omission>
}

/** Makes a function that returns the properties without these names. */
export function createOmit(names: readonly string[]): (given: JsonRecord) => JsonRecord {
  const omission: Omission = { names: new Set(names), below: new Map() }
  for (const { parts } of names.map(keyPathOf)) addParts(omission, parts)
  return (given) => withoutMembers(given, omission)
}

/** Makes a function that returns the properties under their new names. */
export function createRename(
  newNames: Readonly<Record<string, string>>,
): (given: JsonRecord) => JsonRecord {
  const paths = Object.entries(newNames).map(([name, to]) => ({ path: keyPathOf(name), to }))
  const omit = createOmit(Object.keys(newNames))
  return (given) => {
    const values = paths.map(({ path }) => valueAt(given, path))
    if (values.every((value) => value === undefined)) return given
    const renamed = omit(given)
    for (const [index, { to }] of paths.entries()) {
      if (values[index] !== undefined) put(renamed, to, values[index])
    }
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

/** Sets the member to which the parts lead. */
function setMember(
  object: JsonRecord,
  [first = '', ...more]: readonly string[],
  value: unknown,
): void {
  if (more.length === 0) put(object, first, value)
  else setMember(memberIn(object, first), more, value)
}

/** Returns a member that is an object. One of the event was picked as a whole: nothing in it changes. */
function memberIn(object: JsonRecord, name: string): JsonRecord {
  const child = Object.hasOwn(object, name) ? object[name] : undefined
  if (isRecord(child)) return child
  const made: JsonRecord = {}
  put(object, name, made)
  return made
}

function addParts(omission: Omission, [first = '', ...more]: readonly string[]): void {
  if (more.length === 0) {
    omission.names.add(first)
    return
  }
  const below = omission.below.get(first) ?? { names: new Set(), below: new Map() }
  omission.below.set(first, below)
  addParts(below, more)
}

/** Copies each object once, however many of its members go: an object of an event may be large. */
function withoutMembers(object: JsonRecord, { names, below }: Omission): JsonRecord {
  const rest = without(object, names)
  for (const [name, omission] of below) {
    const child = Object.hasOwn(rest, name) ? rest[name] : undefined
    if (isRecord(child)) put(rest, name, withoutMembers(copyOf(child), omission))
  }
  return rest
}
