import { cutToBytes } from '../lib/cut-to-bytes.ts'
import { isObject } from '../lib/json/is-object.ts'
import { findExcess } from '../lib/json/scan.ts'
import type { UnreachableCause } from '../model/outcome.ts'

/** The answer to one request to `/import`. */
export type ImportAnswer = Readonly<
  | { kind: 'answered'; status: number; body: string; retryAfter?: string }
  /** No complete answer came: the events may have been imported, or not. */
  | { kind: 'unanswered'; reason: 'mixpanel_timeout' }
  | { kind: 'unanswered'; reason: 'mixpanel_unreachable'; cause: UnreachableCause }
>

/** The JSON of `/import` under strict=1, as far as the service reads it. Extra keys are ignored. */
export interface ImportReply {
  readonly status?: unknown
  readonly error?: unknown
  readonly num_records_imported?: unknown
  readonly failed_records?: unknown
}

/**
 * The largest answer that is parsed. An answer about 2,000 events has some 24,000 parts. JSON.parse
 * takes 120 ms for the limit in the slowest form, and 4 MiB can hold ten times as many.
 */
const LARGEST = { depth: 100, parts: 250_000 }
/** The most bytes of Mixpanel's text that are kept: the `detail` of a dead letter is no longer. */
const MAX_TEXT_BYTES = 1_024

/**
 * Returns the JSON object in a body; `undefined` for a proxy's page, a text, half an answer, or one
 * with more parts than any answer of Mixpanel.
 */
export function replyIn(body: string): ImportReply | undefined {
  // A short text cannot be too deep, nor have too many parts: most answers are short.
  if (body.length > LARGEST.depth && findExcess(body, LARGEST)) return undefined
  try {
    const parsed: unknown = JSON.parse(body)
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

/** Returns a text of an answer, cut to 1 KB; `undefined` when the value is not a text. */
export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? cutToBytes(value, MAX_TEXT_BYTES) : undefined
}
