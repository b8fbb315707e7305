import { cutToBytes } from '../lib/cut-to-bytes.ts'
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

/** The most bytes of Mixpanel's text that are kept: the `detail` of a dead letter is no longer. */
const MAX_TEXT_BYTES = 1_024

/** Returns a text of an answer, cut to 1 KB; `undefined` when the value is not a text. */
export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? cutToBytes(value, MAX_TEXT_BYTES) : undefined
}
