import { isObject } from '../../lib/json/is-object.ts'
import { put } from '../../lib/json/put.ts'
import type { Properties } from './names.ts'

/** The columns of a value, of which one is not null, in the order in which they are read. */
const VALUES = ['string_value', 'int_value', 'float_value', 'double_value']

/** An integer as text that a number holds exactly. */
const SAFE_INTEGER = /^-?\d{1,15}$/

/** Returns the values of a list of `{key, value: {string_value, int_value, …}}` by their keys. */
export function parametersOf(list: unknown): Properties {
  const parameters: Properties = {}
  if (!Array.isArray(list)) return parameters
  for (const parameter of list) {
    if (!isObject(parameter) || typeof parameter.key !== 'string') continue
    const value = typedValueOf(parameter.value)
    if (value !== undefined) put(parameters, parameter.key, value)
  }
  return parameters
}

/** Returns the items of an order without what is null, and their own parameters by their keys. */
export function itemsOf(items: unknown): readonly Properties[] | undefined {
  if (!Array.isArray(items) || items.length === 0) return undefined
  return items.filter(isObject).map(({ item_params: list, ...item }) => {
    const known = Object.entries(item).filter(
      ([, value]) => value !== null && value !== '(not set)',
    )
    return { ...parametersOf(list), ...Object.fromEntries(known) }
  })
}

function typedValueOf(value: unknown): unknown {
  if (!isObject(value)) return undefined
  const column = VALUES.find((name) => value[name] !== undefined && value[name] !== null)
  if (column === undefined) return undefined
  const found = value[column]
  // BigQuery's API writes integers as text.
  const isNumber = column !== 'string_value' && typeof found === 'string'
  return isNumber && SAFE_INTEGER.test(found) ? Number(found) : found
}
