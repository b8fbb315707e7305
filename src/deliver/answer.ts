import type { RetryReason } from '../model/outcome.ts'

/** What came back for one request to `/import`. */
export type ImportAnswer = Readonly<
  | { kind: 'answered'; status: number; body: string; retryAfter?: string }
  /** No answer, or a torn one: the events may have been imported, or not. */
  | { kind: 'unanswered'; reason: Extract<RetryReason, `mixpanel_${string}`> }
>

/** `/import`'s JSON under strict=1, as far as we read it; extra keys are ignored. */
export interface ImportReply {
  readonly status?: unknown
  readonly error?: unknown
  readonly num_records_imported?: unknown
  readonly failed_records?: unknown
}

/** The JSON object in a body; `undefined` for a proxy's page, a text or half an answer. */
export function replyIn(body: string): ImportReply | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

/** Whether a value is a JSON object: not null, not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
