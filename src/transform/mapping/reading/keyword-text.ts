import type { ErrorObject } from 'ajv'
import { nearest } from '../../../lib/nearest.ts'
import type { MappingPath } from '../compiled-mapping.ts'

/** The values of a type of JSON schema or of JavaScript, for people. */
const NOUNS: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'a map of keys',
  integer: 'a whole number',
  number: 'a number',
  bigint: 'a number',
  boolean: 'true or false',
}

/** The values of keys that take more than one type. */
const SEVERAL: Readonly<Record<string, string>> = {
  expect: 'must be a list of events, or reject with a text',
  hash: 'must be ids, or a list of paths',
  preset: 'must be a name, or a map with a name and options',
}

/** Says what is wrong with a value for which one keyword of the schema fails. */
export function keywordText(error: ErrorObject, path: MappingPath): string {
  const { keyword, params, data } = error
  switch (keyword) {
    case 'type':
      return SEVERAL[String(path.at(-1))] ?? typeText(String(params.type), data)
    case 'const':
      return SEVERAL[String(path.at(-1))] ?? constText(params.allowedValue)
    case 'enum':
      return enumText(params.allowedValues, data)
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return path.at(-1) === 'events' ? 'is empty; a rule with drop: true drops' : 'is empty'
    case 'maxItems':
      return `has ${Array.isArray(data) ? data.length : 0} entries, and may have ${params.limit}`
    case 'maxLength':
      return `has ${String(data).length} characters, and may have ${params.limit}`
    case 'minimum':
      return `must be at least ${params.limit}`
    case 'maximum':
      return `must be at most ${params.limit}`
    case 'pattern':
      return path.at(-1) === 'key'
        ? 'must be the name of an environment variable, and never the key itself'
        : 'must be a time in RFC 3339, like 2026-01-31T12:00:00Z'
    default:
      return error.message ?? 'does not fit the schema'
  }
}

function typeText(type: string, data: unknown): string {
  const due = NOUNS[type] ?? type
  if (data === null) return `is empty; it must be ${due}`
  const text = `must be ${due}, not ${nounOf(data)}`
  if (type !== 'string') return text
  const isInner = typeof data === 'object'
  return `${text}; put ${isInner ? 'the expression' : 'it'} in single quotes`
}

function constText(allowed: unknown): string {
  return `must be ${typeof allowed === 'number' ? 'the number ' : ''}${String(allowed)}`
}

function enumText(allowed: readonly unknown[], data: unknown): string {
  const names = allowed.map(String)
  const due = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
  if (data === null) return `is empty; it must be ${due}`
  const meant = typeof data === 'string' ? nearest(data, names) : undefined
  return `must be ${due}${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

function nounOf(data: unknown): string {
  if (Array.isArray(data)) return 'a list'
  return typeof data === 'boolean' ? String(data) : (NOUNS[typeof data] ?? typeof data)
}
