import { faultOf, isObject, type PropertyRule, type ReceivedRecord } from './record.ts'

const MAX_PROPERTIES = 254
const MAX_NESTED_KEYS = 254
const MAX_ELEMENTS = 254
const MAX_DEPTH = 3

/** "Fewer than 255" here, "up to 255" there: the stricter reading. */
export const countFault: PropertyRule = (properties) => {
  if (Object.keys(properties).length <= MAX_PROPERTIES) return undefined
  return faultOf('properties', 'must have fewer than 255 properties')
}

export const nestingFault: PropertyRule = (properties) => {
  for (const [name, value] of Object.entries(properties)) {
    const complaint = nestingComplaint(value, 1)
    if (complaint !== undefined) return faultOf(`properties.${name}`, complaint)
  }
  return undefined
}

export const encodingFault: PropertyRule = (properties, record) => {
  for (const [name, value] of Object.entries(properties)) {
    if (isGarbled(name, record) || holdsGarbled(value, record)) {
      return faultOf(`properties.${name}`, 'string should be valid utf8')
    }
  }
  return undefined
}

/** Whether a string came from bytes, or from a lone `\udXXX`, that are no UTF-8. */
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

/** Where counting starts is not documented: here the value of a property is depth 1. */
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
