import { isObject } from '../lib/json/is-object.ts'
import { findExcess } from '../lib/json/scan.ts'
import type { PreparedEvent } from '../model/event.ts'
import {
  type EventOutcome,
  IMPORTED,
  type Rejected,
  type RetryReason,
  rejected,
} from '../model/outcome.ts'
import { type ImportAnswer, type ImportReply, textIn } from './answer.ts'
import { listedIn } from './failed-records.ts'
import { refusesIdentityVerbs, speaksOfRate, speaksOfSize } from './mixpanel-texts.ts'
import { isMixpanels, type Refusal, refusalFor, refusedForSize, textOf } from './unnamed-refusal.ts'

/** The meaning of one answer of Mixpanel for its batch. */
export type Verdict = Readonly<
  | { kind: 'imported' }
  /** Each event has an outcome, in the order in which they were sent. */
  | { kind: 'settled'; outcomes: readonly EventOutcome[] }
  /**
   * The named events are rejected, by their place in the batch. The answer says nothing of the
   * others.
   */
  | { kind: 'listed'; rejected: ReadonlyMap<number, Rejected> }
  /** Mixpanel reports success, and counts fewer events than were sent. */
  | { kind: 'shortfall'; imported: number }
  | Refusal
  | { kind: 'retry'; reason: RetryReason; retryAfter?: string }
  /** Mixpanel answered 403 or 404. Several in a row mean `misconfigured`; a single one may pass. */
  | { kind: 'denied'; status: number }
  /** The credentials, the project or the region are wrong. The events are not at fault. */
  | { kind: 'misconfigured'; status: number }
>

/** The part of an event that matters to the verdict. */
export type SentEvent = Pick<PreparedEvent, 'insertId' | 'identityVerb'>

/**
 * The largest answer that is parsed. An answer about 2,000 events has some 24,000 parts. JSON.parse
 * takes 120 ms for the limit in the slowest form, and 4 MiB can hold ten times as many.
 */
const LARGEST = { depth: 100, parts: 250_000 }

const UNKNOWN: Verdict = { kind: 'retry', reason: 'unknown_answer' }

/**
 * Returns the verdict on the answer to a batch. It is pure and total. An answer that is not
 * understood is retried: it is never a success and never a dead letter. The rules are on
 * docs.mixpanel.com, import-events; other shapes were observed.
 */
export function verdictOn(answer: ImportAnswer, sent: readonly SentEvent[]): Verdict {
  if (answer.kind === 'unanswered') return { kind: 'retry', reason: answer.reason }
  const { status, retryAfter } = answer
  if (status === 429) return retryLater('throttled', retryAfter)
  if (status === 408 || status >= 500) return retryLater('mixpanel_unavailable', retryAfter)
  if (status === 401) return { kind: 'misconfigured', status }
  const reply = replyIn(answer.body)
  if (status === 413) return refusedForSize(reply)
  if (!reply) return UNKNOWN
  if (status === 200) return verdictOnSuccess(reply, sent)
  if (status === 400) return verdictOnRefusal(reply, retryAfter, sent)
  if ((status === 403 || status === 404) && isMixpanels(reply)) return { kind: 'denied', status }
  return UNKNOWN
}

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

function retryLater(reason: RetryReason, retryAfter: string | undefined): Verdict {
  if (retryAfter === undefined) return { kind: 'retry', reason }
  return { kind: 'retry', reason, retryAfter }
}

/**
 * Reads a 200. Under strict=0 a total failure is a 200 with `status: 0`; under strict=1 it must
 * have a count.
 */
function verdictOnSuccess(reply: ImportReply, sent: readonly SentEvent[]): Verdict {
  const imported = countIn(reply)
  const isFailure = reply.status === 0 || reply.status === '0'
  if (imported === undefined || imported > sent.length || isFailure) return UNKNOWN
  // This is not documented, but a success that lists failures must not count as a success of all.
  if (listsRecords(reply)) return verdictOnRecords(reply, sent)
  if (imported === sent.length) return { kind: 'imported' }
  return reply.status === 'OK' ? { kind: 'shortfall', imported } : UNKNOWN
}

function verdictOnRefusal(
  reply: ImportReply,
  retryAfter: string | undefined,
  sent: readonly SentEvent[],
): Verdict {
  return listsRecords(reply)
    ? verdictOnRecords(reply, sent)
    : verdictOnText(reply, retryAfter, sent)
}

/**
 * Reads a list of records. It names the events at fault, and the others are imported if the counts
 * add up.
 */
function verdictOnRecords(
  reply: ImportReply & { readonly failed_records: readonly unknown[] },
  sent: readonly SentEvent[],
): Verdict {
  const { failed_records: records } = reply
  const listed = listedIn(records, sent)
  if (listed.size === 0) return verdictOnUnnamed(reply, records, sent)
  const balanced = listed.size === records.length && listed.size + countOf(reply) === sent.length
  if (!balanced) return { kind: 'listed', rejected: listed }
  return { kind: 'settled', outcomes: sent.map((_, index) => listed.get(index) ?? IMPORTED) }
}

function listsRecords(
  reply: ImportReply,
): reply is ImportReply & { readonly failed_records: readonly unknown[] } {
  return Array.isArray(reply.failed_records) && reply.failed_records.length > 0
}

/** Reads the text of an error without records. */
function verdictOnText(
  reply: ImportReply,
  retryAfter: string | undefined,
  sent: readonly SentEvent[],
): Verdict {
  if (!isMixpanels(reply) || countOf(reply, 0) !== 0) return UNKNOWN
  const error = textOf(reply.error)
  if (speaksOfSize(error)) return refusedForSize(reply)
  if (speaksOfRate(error)) return retryLater('throttled', retryAfter)
  return refusedWithoutName(error, sent)
}

/**
 * Reads records that name no event. Identity verbs are refused in this form, and other events with
 * them.
 */
function verdictOnUnnamed(
  reply: ImportReply,
  records: readonly unknown[],
  sent: readonly SentEvent[],
): Verdict {
  if (countOf(reply, 0) !== 0) return UNKNOWN
  const record = records.find((record) => typeof record === 'string')
  return refusedWithoutName(textIn(record) ?? textOf(reply.error), sent)
}

/**
 * Returns the verdict for a text that names no event. One text is about the project, so it rejects
 * every identity verb. Any other text is about one event.
 */
function refusedWithoutName(text: string, sent: readonly SentEvent[]): Verdict {
  if (refusesIdentityVerbs(text) && sent.every(({ identityVerb }) => identityVerb)) {
    const outcome = rejected('refused_by_mixpanel', text)
    return { kind: 'settled', outcomes: sent.map(() => outcome) }
  }
  return refusalFor(text)
}

function countIn({ num_records_imported: count }: ImportReply): number | undefined {
  return typeof count === 'number' && Number.isInteger(count) && count >= 0 ? count : undefined
}

/**
 * Returns the count of a reply. Without one it is NaN, which equals nothing, unless a count is
 * assumed.
 */
function countOf(reply: ImportReply, absent = Number.NaN): number {
  if (reply.num_records_imported === undefined) return absent
  return countIn(reply) ?? Number.NaN
}
