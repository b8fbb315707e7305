import { isUtf8 } from 'node:buffer'
import {
  allImported,
  allRefused,
  type FailedRecord,
  legacyAnswer,
  someFailed,
  tooLarge,
} from './import-answers.ts'
import { type ImportRequest, type Judgement, type Project, refused } from './import-request.ts'
import type { JsonElement } from './json-elements.ts'
import { isObject, type JsonObject } from './record.ts'
import { EVENT_MAX_BYTES, recordFault } from './record-rules.ts'
import type { Row } from './row-store.ts'
import { isIgnored, storedRow } from './stored-row.ts'
import type { Switches } from './switches.ts'

const IDENTITY_VERBS: readonly unknown[] = ['$identify', '$create_alias', '$merge']
const IDENTITY_REFUSAL =
  'identity events are not allowed when project is using simplified identity management'
const POISON_REFUSAL = 'an event of this batch cannot be imported'

/** One element of a body, and the object it is. */
export interface ParsedElement {
  readonly element: JsonElement
  readonly raw: string
  readonly value: JsonObject
}

/** Judges what can refuse a batch whole, then each of its records. */
export function judgeBatch(
  batch: readonly ParsedElement[],
  request: ImportRequest,
  project: Project,
): Judgement {
  const { switches } = project
  const { strict, verbose } = request
  if (switches.largeEvent === 'too_large' && batch.some(isLarge)) {
    return refused(tooLarge(`${EVENT_MAX_BYTES} bytes`))
  }
  const refusal = wholeRefusal(batch, switches)
  if (refusal !== undefined) {
    return refused(strict ? allRefused(refusal) : legacyAnswer(0, batch.length, verbose))
  }
  return judgeRecords(batch, request, project)
}

/** The text that refuses a whole batch and names no record; `undefined` when the batch is taken. */
function wholeRefusal(batch: readonly ParsedElement[], switches: Switches): string | undefined {
  const { identityVerbs, poison } = switches
  const sinks = identityVerbs === 'sink_batch'
  if (sinks && batch.some(({ value }) => isForbiddenVerb(value, switches))) return IDENTITY_REFUSAL
  const isPoisoned = poison !== '' && batch.some(({ value }) => value.event === poison)
  return isPoisoned ? POISON_REFUSAL : undefined
}

function judgeRecords(
  batch: readonly ParsedElement[],
  request: ImportRequest,
  project: Project,
): Judgement {
  const { strict, verbose } = request
  const { switches } = project
  const failed: (FailedRecord | string)[] = []
  const rows: Row[] = []
  let ignored = 0
  for (const [index, parsed] of batch.entries()) {
    const fate = fateOf(parsed, request, project)
    if (fate.kind === 'kept') rows.push(fate.row)
    else if (fate.kind === 'ignored') ignored++
    else failed.push(fate.kind === 'unnamed' ? fate.reason : { index, ...fate.record })
  }

  const imported = rows.length + (switches.ignoredEvents === 'counted' ? ignored : 0)
  if (!strict) return { answer: legacyAnswer(imported, failed.length, verbose), rows }
  if (failed.length === 0) return { answer: allImported(imported), rows }
  return { answer: someFailed(failed, imported, switches), rows }
}

/** The fate of one record. */
type Fate = Readonly<
  | { kind: 'kept'; row: Row }
  | { kind: 'ignored' }
  | { kind: 'failed'; record: Omit<FailedRecord, 'index'> }
  /** Refused by a text without an index. */
  | { kind: 'unnamed'; reason: string }
>

function fateOf(
  { element: { bytes }, raw, value }: ParsedElement,
  { body, strict, unplaced, receivedAt: now }: ImportRequest,
  { switches, generateId }: Project,
): Fate {
  if (isForbiddenVerb(value, switches)) {
    if (switches.identityVerbs === 'ignored') return { kind: 'ignored' }
    return { kind: 'unnamed', reason: IDENTITY_REFUSAL }
  }
  const fault = recordFault({
    value,
    bytes: bytes.length,
    utf8: body.utf8 || isUtf8(bytes),
    escapes: raw.includes('\\u'),
    strict,
    switches,
    now,
  })
  if (fault !== undefined) {
    return { kind: 'failed', record: { insertId: readInsertId(value), ...fault } }
  }
  if (isIgnored(value, switches)) return { kind: 'ignored' }
  return { kind: 'kept', row: storedRow({ value, raw, switches, unplaced, now, generateId }) }
}

function isLarge({ element }: ParsedElement): boolean {
  return element.bytes.length >= EVENT_MAX_BYTES
}

function isForbiddenVerb({ event }: JsonObject, { idManagement }: Switches): boolean {
  return idManagement === 'simplified' && IDENTITY_VERBS.includes(event)
}

function readInsertId({ properties }: JsonObject): string {
  const insertId = isObject(properties) ? properties.$insert_id : undefined
  return typeof insertId === 'string' ? insertId : ''
}
