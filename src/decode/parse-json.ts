import { isUtf8 } from 'node:buffer'
import { weightIn } from '../lib/json/bytes.ts'
import type { Body } from '../model/event.ts'

/** The value of a text, or the reason why the service does not read it. */
export type ParsedJson = Readonly<{ kind: 'json'; value: unknown } | { kind: JsonFault }>
export type JsonFault = 'not_utf8' | 'not_json' | 'too_deep' | 'too_large'

/**
 * The size of a text that needs no weighing. JSON.parse cannot be interrupted, and takes eight
 * milliseconds at most for it.
 */
const UNWEIGHED_BYTES = 64 * 1024
/**
 * The largest text and the most values that are parsed: 100 ms, when each value is a new name of a
 * member.
 */
export const MOST_PARSED_BYTES = 4 * 1024 * 1024
const MAX_VALUES = 131_072
/** The most levels. V8 takes some 65 bytes of native memory for each. */
const MAX_DEPTH = 1000

/** The meaning of `too_large`, for a dead letter. */
export const PARSED_AT_MOST = `more than ${MOST_PARSED_BYTES} bytes or ${MAX_VALUES} values, which this service does not parse`

const MOST = { depth: MAX_DEPTH, values: MAX_VALUES }

/**
 * Parses a part of a body. It gives no detail of bad JSON, because V8's messages quote their input.
 */
export function parseJson(
  { bytes, isUtf8: allIsUtf8 }: Body,
  start: number,
  end: number,
): ParsedJson {
  if (!allIsUtf8 && !isUtf8(bytes.subarray(start, end))) return { kind: 'not_utf8' }
  const tooMuch = end - start > UNWEIGHED_BYTES ? excessOf(bytes, start, end) : undefined
  if (tooMuch) return { kind: tooMuch }
  try {
    return { kind: 'json', value: JSON.parse(bytes.toString('utf8', start, end)) }
  } catch {
    return { kind: 'not_json' }
  }
}

function excessOf(bytes: Buffer, start: number, end: number): 'too_deep' | 'too_large' | undefined {
  if (end - start > MOST_PARSED_BYTES) return 'too_large'
  const { depth, values } = weightIn(bytes, start, end, MOST)
  if (depth > MAX_DEPTH) return 'too_deep'
  return values > MAX_VALUES ? 'too_large' : undefined
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
