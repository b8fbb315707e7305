import { type EventOutcome, IMPORTED, type RetryReason, rejected } from '../model/outcome.ts'
import { type ImportAnswer, type ImportReply, isObject, replyIn } from './answer.ts'

/** What one answer of Mixpanel means for the batch it answers. */
export type Verdict = Readonly<
  | { kind: 'imported' }
  /** One outcome for each event sent, in order. */
  | { kind: 'settled'; outcomes: readonly EventOutcome[] }
  | { kind: 'retry'; reason: RetryReason; retryAfter?: string }
  /** Too large for one request: the batch must go in two. */
  | { kind: 'split' }
  /** Credentials, project or region are wrong: nothing of it is the events' fault. */
  | { kind: 'misconfigured'; status: number }
>

/**
 * The verdict on the answer to a batch of `sent` events. Pure, and total: what is not understood
 * is retried, never a success and never a dead letter. Rules: docs.mixpanel.com, import-events;
 * the shapes beyond it were observed.
 */
export function verdictOn(answer: ImportAnswer, sent: number): Verdict {
  if (answer.kind === 'unanswered') return { kind: 'retry', reason: answer.reason }
  const { status } = answer
  if (status === 200) return verdictOnSuccess(answer.body, sent)
  if (status === 400) return verdictOnRefusal(answer.body, sent)
  if (status === 401) return { kind: 'misconfigured', status }
  if (status === 413) return { kind: 'split' }
  if (status === 429) return retryLater('throttled', answer.retryAfter)
  if (status === 408 || status >= 500) return retryLater('mixpanel_unavailable', answer.retryAfter)
  return { kind: 'retry', reason: 'unknown_answer' }
}

function retryLater(reason: RetryReason, retryAfter: string | undefined): Verdict {
  if (retryAfter === undefined) return { kind: 'retry', reason }
  return { kind: 'retry', reason, retryAfter }
}

/** Under strict=0 a total failure is a 200 with `status: 0`; ours must say that it counted all. */
function verdictOnSuccess(body: string, sent: number): Verdict {
  const reply = replyIn(body)
  if (reply && reply.status !== 0 && reply.num_records_imported === sent) {
    return { kind: 'imported' }
  }
  return { kind: 'retry', reason: 'unknown_answer' }
}

function verdictOnRefusal(body: string, sent: number): Verdict {
  const reply = replyIn(body)
  if (!reply) return { kind: 'retry', reason: 'unknown_answer' }
  if (speaksOfSize(reply)) return { kind: 'split' }
  const outcomes = outcomesIn(reply, sent)
  if (outcomes) return { kind: 'settled', outcomes }
  return { kind: 'retry', reason: 'unknown_answer' }
}

/** Oversize also arrives as a 400: `json decode error at …: http: request body too large`. */
function speaksOfSize(reply: ImportReply): boolean {
  return typeof reply.error === 'string' && reply.error.includes('request body too large')
}

/** The valid records of a 400 are imported; the listed ones are not. `undefined` if that does not add up. */
function outcomesIn(reply: ImportReply, sent: number): readonly EventOutcome[] | undefined {
  const { failed_records: failed, num_records_imported: imported } = reply
  if (!Array.isArray(failed) || typeof imported !== 'number') return undefined
  if (failed.length === 0 || failed.length + imported !== sent) return undefined
  const outcomes: EventOutcome[] = Array.from({ length: sent }, () => IMPORTED)
  for (const record of failed) {
    if (!isObject(record)) return undefined
    const { index } = record
    // Nothing is imported at a place that was listed before, or that no event of the batch has.
    if (typeof index !== 'number' || outcomes[index] !== IMPORTED) return undefined
    outcomes[index] = outcomeOf(record)
  }
  return outcomes
}

function outcomeOf(record: Record<string, unknown>): EventOutcome {
  const message = typeof record.message === 'string' ? record.message : 'no reason given'
  const field = typeof record.field === 'string' ? record.field : undefined
  return rejected('refused_by_mixpanel', message, field)
}
