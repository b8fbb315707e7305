import type { Answer } from '../answer.ts'
import type { RecordFault } from './record.ts'

/** One record that was not imported, as the answer lists it. */
export interface FailedRecord extends RecordFault {
  /** From 0, in the batch as it was sent. */
  readonly index: number
  readonly insertId: string
}

/** How the row of a failed record names the insert id: the documents disagree. */
export type InsertIdKey = 'insert_id' | '$insert_id'

const FAILED_VALIDATION = 'some data points in the request failed validation'

/** The documented answer to a request that `strict=1` finds no fault with. */
export function allImported(imported: number): Answer {
  return { status: 200, body: { code: 200, num_records_imported: imported, status: 'OK' } }
}

/** The documented answer when some or all records failed; the others are imported. */
export function someFailed(
  failed: readonly FailedRecord[],
  imported: number,
  insertIdKey: InsertIdKey,
): Answer {
  const rows = failed.map(({ index, insertId, field, message }) => {
    return { index, [insertIdKey]: insertId, field, message }
  })
  return validationFailed(rows, imported)
}

/** The opaque form: nothing imported, and no index to find the culprit by. */
export function allRefused(reason: string): Answer {
  return validationFailed([reason], 0)
}

/** The answer without `strict=1`, which never says what failed. */
export function legacyAnswer(imported: number, failed: number, verbose: boolean): Answer {
  const good = imported > 0 || failed === 0
  const status = good ? 1 : 0
  if (!verbose) return { status: 200, body: String(status) }
  const error = good ? null : FAILED_VALIDATION
  return { status: 200, body: { code: 200, error, num_records_imported: imported, status } }
}

/** 401, with the text that says what is wrong with the credentials. */
export function unauthorized(error: string): Answer {
  return { status: 401, body: { code: 401, error, status: 'Unauthorized' } }
}

/** 400 for a body that cannot be read: no `code`, no `failed_records`, a numeric `status`. */
export function unreadable(error: string): Answer {
  return { status: 400, body: { error, status: 0 } }
}

/** As `unreadable`, naming the element at which the reading stopped. */
export function decodeError(index: number, offset: number, reason: string): Answer {
  return unreadable(`json decode error at element idx: ${index}, byte_offset: ${offset}: ${reason}`)
}

/** 413, as the OpenAPI document words it. */
export function tooLarge(limit: string): Answer {
  const error = `request exceeds max limit of ${limit}`
  return { status: 413, body: { code: 413, error, status: 'Request Entity Too Large' } }
}

function validationFailed(rows: readonly object[] | readonly string[], imported: number): Answer {
  return {
    status: 400,
    body: {
      code: 400,
      error: FAILED_VALIDATION,
      failed_records: rows,
      num_records_imported: imported,
      status: 'Bad Request',
    },
  }
}
