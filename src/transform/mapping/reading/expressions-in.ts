import { isObject } from '../../../lib/json/is-object.ts'
import type { MappingPath } from '../compiled-mapping.ts'
import type { Place } from '../expressions/names.ts'
import { MAPPING_SCHEMA } from './mapping-schema.ts'

/** A text of the file that is an expression, or holds some. */
export interface ExpressionText {
  readonly kind: 'condition' | 'template'
  readonly path: MappingPath
  readonly text: string
  readonly place: Place
}

/** The part of a schema that leads to values. */
interface Schema {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly [keyword: string]: unknown
}

const DEFINITIONS: Readonly<Record<string, Schema>> = MAPPING_SCHEMA.definitions

/** Returns the expressions of a file of any structure, where the schema has a place for them. */
export function expressionsIn(value: unknown): ExpressionText[] {
  const found: ExpressionText[] = []
  visit(MAPPING_SCHEMA, value, [])
  return found

  function push(kind: ExpressionText['kind'], path: MappingPath, text: string): void {
    found.push({ kind, path, text, place: { each: isUnderEach(path, value) } })
  }

  function visit(schema: Schema, inner: unknown, path: MappingPath): void {
    const name = schema.$ref?.replace('#/definitions/', '')
    if (name === undefined) visitMembers(schema, inner, path)
    else if (name === 'value') visitValue(inner, path)
    else if (name !== 'condition' && name !== 'template')
      visit(DEFINITIONS[name] ?? {}, inner, path)
    else if (typeof inner === 'string') push(name, path, inner)
  }

  function visitMembers(schema: Schema, inner: unknown, path: MappingPath): void {
    for (const [part, member] of membersOf(inner)) {
      const below = schemaOf(schema, part)
      if (below !== undefined) visit(below, member, [...path, part])
    }
  }

  function visitValue(inner: unknown, path: MappingPath): void {
    if (typeof inner === 'string') push('template', path, inner)
    for (const [part, member] of membersOf(inner)) visitValue(member, [...path, part])
  }
}

/** Whether a value stands in a shape with `each`, other than that list itself and the condition. */
function isUnderEach(path: MappingPath, value: unknown): boolean {
  const length = path[2] === 'events' ? 4 : 2
  const shape = path.slice(0, length).reduce<unknown>(memberOf, value)
  const key = path[length]
  return key !== 'each' && key !== 'when' && isObject(shape) && Object.hasOwn(shape, 'each')
}

function memberOf(value: unknown, part: string | number): unknown {
  if (Array.isArray(value)) return value[Number(part)]
  return isObject(value) ? value[part] : undefined
}

function schemaOf(schema: Schema, part: string | number): Schema | undefined {
  if (typeof part === 'number') return schema.items
  const { properties = {}, additionalProperties: rest } = schema
  if (Object.hasOwn(properties, part)) return properties[part]
  return typeof rest === 'object' ? rest : undefined
}

function membersOf(value: unknown): readonly (readonly [string | number, unknown])[] {
  if (Array.isArray(value)) return [...value.entries()]
  return isObject(value) ? Object.entries(value) : []
}
