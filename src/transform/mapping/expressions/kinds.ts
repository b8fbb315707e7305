import { Duration } from '@marcbachmann/cel-js/evaluator'
import { isRawNumber } from './exact-numbers.ts'

/** A type of CEL as a value: the result of `type(x)`. */
export interface CelType {
  readonly celType: string
}

export type Kind =
  | 'null'
  | 'bool'
  | 'number'
  | 'raw'
  | 'text'
  | 'bytes'
  | 'list'
  | 'time'
  | 'duration'
  | 'type'
  | 'object'

/** The kinds in the words of an error text. */
export const KIND_WORDS: Readonly<Record<Kind, string>> = {
  null: 'null',
  bool: 'true or false',
  number: 'a number',
  raw: 'a number that a double cannot hold',
  text: 'a text',
  bytes: 'bytes',
  list: 'a list',
  time: 'a time',
  duration: 'a duration',
  type: 'a type',
  object: 'an object',
}

const TYPES = new WeakSet<object>()

/** Makes the value of a type. There must be one for each name. */
export function createType(celType: string): CelType {
  const type = Object.freeze({ celType })
  TYPES.add(type)
  return type
}

export function isType(value: unknown): value is CelType {
  return typeof value === 'object' && value !== null && TYPES.has(value)
}

/** Returns the kind of a value of an expression. */
export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'string':
      return 'text'
    case 'number':
    case 'bigint':
      return 'number'
    case 'boolean':
      return 'bool'
    default:
      return value === null || value === undefined ? 'null' : kindOfObject(value)
  }
}

function kindOfObject(value: unknown): Kind {
  if (Array.isArray(value)) return 'list'
  if (value instanceof Date) return 'time'
  if (value instanceof Duration) return 'duration'
  if (value instanceof Uint8Array) return 'bytes'
  if (isRawNumber(value)) return 'raw'
  return isType(value) ? 'type' : 'object'
}

/** Whether a value is an object with keys, which an expression can select. */
export function isKeyed(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && kindOfObject(value) === 'object'
}
