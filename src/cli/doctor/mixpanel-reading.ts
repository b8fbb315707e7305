import { type ImportReply, textIn } from '../../deliver/answer.ts'
import { replyIn } from '../../deliver/verdict.ts'
import { isObject } from '../../lib/json/is-object.ts'
import type { Asked } from './ask.ts'

/** The meaning of Mixpanel's answer to the event of the check. */
export type Reading = Readonly<
  /** Credentials, project and region are good, and nothing was stored. */
  | { kind: 'taken' }
  /** Mixpanel refuses the credentials; the text is its own. */
  | { kind: 'refused'; text: string }
  /** The answer says that the event was imported, which Mixpanel never would. */
  | { kind: 'imported' }
  | { kind: 'throttled' }
  /** The answer proves nothing; the text says what it was. */
  | { kind: 'unknown'; text: string }
  | { kind: 'unanswered'; code: string }
>

/** The field of the only fault in the event: its time is in the future. */
const FIELD = 'properties.time'

/**
 * Reads the answer. A 400 is good only when its one failed record is the event, for its time:
 * Mixpanel judges records after credentials, project and region.
 */
export function readingOf(asked: Asked): Reading {
  if (asked.kind === 'unanswered') return asked
  const { status, body } = asked
  const reply = replyIn(body)
  const said = textIn(reply?.error)
  if (status === 400 && reply !== undefined && isTheTime(reply)) return { kind: 'taken' }
  if (status === 401) return { kind: 'refused', text: said ?? 'no reason given' }
  if (status === 200) return { kind: 'imported' }
  if (status === 429) return { kind: 'throttled' }
  return { kind: 'unknown', text: said === undefined ? `status ${status}` : `${status}: ${said}` }
}

function isTheTime({ failed_records, num_records_imported = 0 }: ImportReply): boolean {
  if (!Array.isArray(failed_records) || num_records_imported !== 0) return false
  const [record, ...others] = failed_records
  return others.length === 0 && isObject(record) && record.index === 0 && record.field === FIELD
}
