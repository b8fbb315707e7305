import type { Switches } from './switches.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** One event as it was received, with the facts that the rules need. */
export interface ReceivedRecord {
  readonly value: JsonObject
  /** Length of its JSON. */
  readonly bytes: number
  /** Whether that JSON is UTF-8. When not, `value` holds U+FFFD in place of the invalid bytes. */
  readonly utf8: boolean
  /** Whether that JSON has `\uXXXX` escapes, which may write half of a surrogate pair. */
  readonly escapes: boolean
  /** Whether it came with `strict=1`. */
  readonly strict: boolean
  readonly switches: Switches
  /** Epoch ms. */
  readonly now: number
}

/** The reason why a record is refused. */
export interface RecordFault {
  readonly field: string
  readonly message: string
}

/** A rule for the properties of one record; `undefined` when they keep it. */
export type PropertyRule = (
  properties: JsonObject,
  record: ReceivedRecord,
) => RecordFault | undefined

/** A fault in Mixpanel's usual words: `'FIELD' is invalid: COMPLAINT`. */
export function makeFault(field: string, complaint: string): RecordFault {
  return { field, message: `'${field}' is invalid: ${complaint}` }
}

/** Whether a parsed JSON value is an object: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
