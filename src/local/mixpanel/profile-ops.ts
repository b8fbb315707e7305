import { isObject, type JsonObject } from './record.ts'

/** The result of an operation on the properties of a profile. */
export type Change = Readonly<
  | { kind: 'changed'; properties: JsonObject }
  | { kind: 'deleted' }
  /** The operation does not take such a value. */
  | { kind: 'unfit' }
>

/** Applies the value of an operation to the properties of a profile; `{}` when there is none yet. */
export type ProfileOp = (properties: JsonObject, value: unknown) => Change

/** The operations on profiles, by their names (data-structure/user-profiles). */
export const PROFILE_OPS = {
  $set: op(isObject, (properties, given) => ({ ...properties, ...given })),
  $set_once: op(isObject, (properties, given) => ({ ...given, ...properties })),
  /** Adds numbers; a property that is missing or not a number counts as 0. */
  $add: op(isObjectOf(isNumber), (properties, given) => {
    return merged(properties, given, (old, number) => (isNumber(old) ? old : 0) + number)
  }),
  /** Adds the elements that are not in the list. */
  $union: op(isObjectOf(isList), (properties, given) => {
    return merged(properties, given, (old, list) => list.reduce(withElement, listOf(old)))
  }),
  $append: op(isObject, (properties, given) => {
    return merged(properties, given, (old, element) => [...listOf(old), element])
  }),
  $remove: op(isObject, (properties, given) => {
    const present = Object.entries(given).filter(([name]) => Object.hasOwn(properties, name))
    return merged(properties, Object.fromEntries(present), (old, element) => {
      return isList(old) ? old.filter((one) => !isSame(one, element)) : old
    })
  }),
  $unset: op(isNames, (properties, names) => {
    return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)))
  }),
  $delete: () => ({ kind: 'deleted' }),
} as const satisfies Readonly<Record<string, ProfileOp>>

type Guard<Value> = (value: unknown) => value is Value

function op<Value>(
  fits: Guard<Value>,
  apply: (properties: JsonObject, value: Value) => JsonObject,
): ProfileOp {
  return (properties, value) => {
    if (!fits(value)) return { kind: 'unfit' }
    return { kind: 'changed', properties: apply(properties, value) }
  }
}

/** Merges the given properties into the others, each from its old and its given value. */
function merged<Value>(
  properties: JsonObject,
  given: Readonly<Record<string, Value>>,
  merge: (old: unknown, value: Value) => unknown,
): JsonObject {
  const entries = Object.entries(given).map(([name, value]) => {
    return [name, merge(properties[name], value)] as const
  })
  return { ...properties, ...Object.fromEntries(entries) }
}

function withElement(list: readonly unknown[], element: unknown): readonly unknown[] {
  return list.some((one) => isSame(one, element)) ? list : [...list, element]
}

function listOf(value: unknown): readonly unknown[] {
  return isList(value) ? value : []
}

function isObjectOf<Value>(isValue: Guard<Value>): Guard<Readonly<Record<string, Value>>> {
  return (value): value is Readonly<Record<string, Value>> => {
    return isObject(value) && Object.values(value).every(isValue)
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function isNames(value: unknown): value is readonly string[] {
  return isList(value) && value.every((name) => typeof name === 'string')
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
