import {
  isObject,
  type JsonObject,
  makeFault,
  type PropertyRule,
  type ReceivedRecord,
} from './record.ts'

const MAX_NESTED_KEYS = 254
const MAX_ELEMENTS = 254
const MAX_DEPTH = 3
const MAX_PROPERTY_BYTES = 8 * 1024
const REQUIRED = ['time', 'distinct_id', '$insert_id'] as const

export const countFault: PropertyRule = (properties, { switches }) => {
  const { maxProperties, countedProperties } = switches
  const spared = countedProperties === 'all' ? [] : REQUIRED.filter((name) => name in properties)
  if (Object.keys(properties).length - spared.length <= maxProperties) return undefined
  return makeFault('properties', `must have fewer than ${maxProperties + 1} properties`)
}

export const nestingFault: PropertyRule = (properties, { switches }) => {
  const depth = switches.depthFrom === 'value' ? 1 : 2
  for (const name in properties) {
    const complaint = nestingComplaint(properties[name], depth)
    if (complaint !== undefined) return makeFault(`properties.${name}`, complaint)
  }
  return undefined
}

export const propertyFault: PropertyRule = (properties, { switches }) => {
  if (switches.propertyShape === 'unlimited') return undefined
  for (const [name, value] of Object.entries(properties)) {
    const complaint = propertyComplaint(value)
    if (complaint !== undefined) return makeFault(`properties.${name}`, complaint)
  }
  return undefined
}

function propertyComplaint(value: unknown): string | undefined {
  const inner = innerValues(value)
  if (inner === undefined) return undefined
  if (Buffer.byteLength(JSON.stringify(value)) > MAX_PROPERTY_BYTES) {
    return 'must not be larger than 8KB'
  }
  const nests = Array.isArray(value) && inner.filter(isObject).some(holdsInner)
  return nests ? 'must be a list of objects without nesting' : undefined
}

function holdsInner(object: JsonObject): boolean {
  return Object.values(object).some((value) => innerValues(value) !== undefined)
}

export const encodingFault: PropertyRule = (properties, record) => {
  if (record.utf8 && !record.escapes) return undefined
  for (const [name, value] of Object.entries(properties)) {
    if (isGarbled(name, record) || holdsGarbled(value, record)) {
      return makeFault(`properties.${name}`, 'string should be valid utf8')
    }
  }
  return undefined
}

/** Whether a string came from bytes that are not UTF-8, or holds a lone surrogate. */
export function isGarbled(text: string, { utf8 }: ReceivedRecord): boolean {
  return !text.isWellFormed() || (!utf8 && text.includes('\ufffd'))
}

function holdsGarbled(value: unknown, record: ReceivedRecord): boolean {
  if (typeof value === 'string') return isGarbled(value, record)
  if (Array.isArray(value)) return value.some((element) => holdsGarbled(element, record))
  if (!isObject(value)) return false
  return Object.entries(value).some(([key, inner]) => {
    return isGarbled(key, record) || holdsGarbled(inner, record)
  })
}

/** Mixpanel does not document where depth begins: here the value of a property has depth 1. */
function nestingComplaint(value: unknown, depth: number): string | undefined {
  const inner = innerValues(value)
  if (inner === undefined) return undefined
  if (depth > MAX_DEPTH) return 'must not be nested deeper than 3 levels'
  if (Array.isArray(value) && inner.length > MAX_ELEMENTS)
    return 'must have fewer than 255 elements'
  if (inner.length > MAX_NESTED_KEYS) return 'must have fewer than 255 keys'
  for (const child of inner) {
    const complaint = nestingComplaint(child, depth + 1)
    if (complaint !== undefined) return complaint
  }
  return undefined
}

function innerValues(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value
  return isObject(value) ? Object.values(value) : undefined
}
