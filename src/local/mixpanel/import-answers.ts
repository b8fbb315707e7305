import type { Answer } from '../answer.ts'
import { isObject, type RecordFault } from './record.ts'
import type { Switches } from './switches.ts'

/** One record that was not imported, as the answer lists it. */
export interface FailedRecord extends RecordFault {
  /** From 0, in the batch as it was sent. */
  readonly index: number
  readonly insertId: string
}

const FAILED_VALIDATION = 'some data points in the request failed validation'
const RATE_EXCEEDED =
  'Project exceeded rate limits. Please retry the request with exponential backoff.'

/** The documented answer to a request that `strict=1` finds no fault with. */
export function allImported(imported: number): Answer {
  return { status: 200, body: { code: 200, num_records_imported: imported, status: 'OK' } }
}

/**
 * The documented answer when some or all records failed; the others are imported. A record that
 * is refused without an index is given as a text.
 */
export function someFailed(
  failed: readonly (FailedRecord | string)[],
  imported: number,
  { insertIdKey, failedRecordsMax }: Switches,
): Answer {
  const most = failedRecordsMax === 'unlimited' ? failed.length : failedRecordsMax
  const rows = failed.slice(0, most).map((record) => {
    if (typeof record === 'string') return record
    const { index, insertId, field, message } = record
    return { index, [insertIdKey]: insertId, field, message }
  })
  return validationFailed(rows, imported)
}

/**
 * An answer of `someFailed` that lists only the first record, and counts `imported` as imported;
 * `undefined` when it lists no record that has an index.
 */
export function firstFailedOnly({ body }: Answer, imported: number): Answer | undefined {
  const { failed_records: records = [] }: { failed_records?: readonly unknown[] } = Object(body)
  const [first] = records
  return isObject(first) ? validationFailed([first], imported) : undefined
}

/** The opaque answer: nothing is imported, and no index names the record at fault. */
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

/** The text that says what is wrong with the credentials. */
export function unauthorized(error: string, switches: Switches): Answer {
  const { credentialStatus: code, credentialBody } = switches
  const whole = { code, error, status: code === 401 ? 'Unauthorized' : 'Bad Request' }
  return { status: code, body: credentialBody === 'whole' ? whole : { code, error } }
}

/** The answer above the quota. It says when to try again only where that is switched on. */
export function throttled(retryInMs: number, now: number, switches: Switches): Answer {
  const headers = retryAfterHeader(retryInMs, now, switches)
  switch (switches.throttleForm) {
    case 'documented':
      return {
        status: 429,
        body: { code: 429, error: RATE_EXCEEDED, status: 'Too Many Requests' },
        headers,
      }
    case 'legacy':
      return { status: 429, body: { error: RATE_EXCEEDED, status: 0 }, headers }
    case 'gateway_504':
      return { status: 504, body: 'Too many requests', headers }
  }
}

/** Whole seconds, rounded up: a client that waits so long never comes too early. */
function retryAfterHeader(retryInMs: number, now: number, { retryAfter }: Switches) {
  switch (retryAfter) {
    case 'none':
      return {}
    case 'seconds':
      return { 'retry-after': String(Math.ceil(retryInMs / 1000)) }
    case 'date': {
      const at = Math.ceil((now + retryInMs) / 1000) * 1000
      return { 'retry-after': new Date(at).toUTCString() }
    }
  }
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

function validationFailed(rows: readonly (object | string)[], imported: number): Answer {
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
