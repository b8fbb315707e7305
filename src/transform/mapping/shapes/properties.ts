import { put } from '../../../lib/json/put.ts'
import type { MappingPath, Scope } from '../compiled-mapping.ts'
import type { Compiler, Read } from '../compiler.ts'
import { listingWork } from '../expressions/part.ts'
import { MappingFault, typeOf } from '../mapping-fault.ts'
import type { PropertiesShape } from '../mapping-file.ts'
import { flatten } from './flatten.ts'
import { matchesGlob } from './glob.ts'
import { createOmit, createPick, createRename } from './key-paths.ts'
import { copyOf, isRecord, type JsonRecord } from './record.ts'

/** One step of the making of properties. It may change what it gets. */
export type Step = (properties: JsonRecord, scope: Scope) => JsonRecord

/** The work of a member in all steps of a shape, in listings of it. */
const ALL_STEPS = 5

const TOO_LONG = new MappingFault('error', 'the properties of the events of this line are too many')

/** The place where a shape without `from` begins. */
export type Start = 'base' | 'item' | 'data'

/** Compiles the properties of a shape to steps, in the order of the contract. */
export function compileProperties(
  shape: PropertiesShape,
  path: MappingPath,
  { start, compiler }: { readonly start: Start; readonly compiler: Compiler },
): readonly Step[] {
  const { from, pick, omit, flatten: levels, rename, attributes, set } = shape
  const steps: Step[] = []
  if (from !== undefined) steps.push(takeFrom(compiler, from, [...path, 'from']))
  else if (start !== 'base') steps.push(start === 'item' ? takeItem : takeProperties)
  if (pick !== undefined) steps.push(createPick(pick))
  if (omit !== undefined) steps.push(createOmit(omit))
  if (levels !== undefined) steps.push((properties) => flatten(properties, levels))
  if (rename !== undefined) steps.push(createRename(rename))
  if (attributes !== undefined) steps.push(takeAttributes(attributes))
  if (set !== undefined) steps.push(setAll(compiler, set, [...path, 'set']))
  return steps
}

/** Adds the members of an object of the event. Null has none. */
function takeFrom(compiler: Compiler, from: string, path: MappingPath): Step {
  const read = compiler.alone(from, path)
  const fault = compiler.faultsAt(path)
  return (properties, scope) => {
    const given = read(scope)
    if (isRecord(given)) return withMembers(properties, counted(given, scope))
    if (given === null) return properties
    throw fault('error', `the value is ${typeOf(given)}, not an object`)
  }
}

/** Counts the work of taking members over: those of one object may go to each event of a line. */
function counted(given: Readonly<JsonRecord>, { work }: Scope): Readonly<JsonRecord> {
  if (work === undefined) return given
  work.left -= ALL_STEPS * listingWork(Object.keys(given).length)
  if (work.left < 0) throw TOO_LONG
  return given
}

function withMembers(properties: JsonRecord, given: Readonly<JsonRecord>): JsonRecord {
  if (Object.keys(properties).length === 0) return copyOf(given)
  const members = copyOf(given)
  for (const name of Object.keys(members)) put(properties, name, members[name])
  return properties
}

function takeProperties(properties: JsonRecord, scope: Scope): JsonRecord {
  const given = isRecord(scope.data) ? scope.data.properties : undefined
  return isRecord(given) ? copyOf(counted(given, scope)) : properties
}

function takeItem(properties: JsonRecord, scope: Scope): JsonRecord {
  return isRecord(scope.item) ? copyOf(counted(scope.item, scope)) : properties
}

/** Adds the attributes with these names, in the order of their names: Pub/Sub promises none. */
function takeAttributes(patterns: readonly string[]): Step {
  return (properties, { attributes }) => {
    if (!isRecord(attributes)) return properties
    for (const name of Object.keys(attributes).sort()) {
      if (patterns.some((pattern) => matchesGlob(name, pattern)))
        put(properties, name, attributes[name])
    }
    return properties
  }
}

function setAll(
  compiler: Compiler,
  set: Readonly<Record<string, unknown>>,
  path: MappingPath,
): Step {
  const assignments = Object.entries(set).map(([name, value]) =>
    assign(name, compiler.value(value, [...path, name])),
  )
  return (properties, scope) => {
    for (const step of assignments) step(properties, scope)
    return properties
  }
}

/** Sets a property. Null leaves it out. */
export function assign(name: string, read: Read): Step {
  return (properties, scope) => {
    const value = read(scope)
    if (value === null) delete properties[name]
    else put(properties, name, value)
    return properties
  }
}
