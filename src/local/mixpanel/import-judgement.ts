import { isUtf8 } from 'node:buffer'
import type { Answer } from '../answer.ts'
import {
  credentialFault,
  type PresentedCredentials,
  type StandInCredentials,
} from './credentials.ts'
import {
  allImported,
  allRefused,
  decodeError,
  type FailedRecord,
  legacyAnswer,
  someFailed,
  throttled,
  tooLarge,
  unauthorized,
  unreadable,
} from './import-answers.ts'
import { eventsIn, type ImportBody } from './import-body.ts'
import type { JsonElement } from './json-elements.ts'
import type { Admission, RequestSize } from './quota.ts'
import { isObject, type JsonObject } from './record.ts'
import { EVENT_MAX_BYTES, recordFault } from './record-rules.ts'
import type { Row } from './row-store.ts'
import { isIgnored, storedRow } from './stored-row.ts'
import type { Switches } from './switches.ts'

const MAX_EVENTS = 2000
const IDENTITY_VERBS: readonly unknown[] = ['$identify', '$create_alias', '$merge']
const IDENTITY_REFUSAL =
  'identity events are not allowed when project is using simplified identity management'
const POISON_REFUSAL = 'an event of this batch cannot be imported'
const NO_DATA = 'data, missing or empty'

/** Whom a project lets in, how much it takes, and how it behaves. */
export interface Project {
  readonly credentials: StandInCredentials
  readonly switches: Switches
  /** Counts the request against the quota. */
  admit(size: RequestSize): Admission
  /** A new insert id, for an event that came without one. */
  generateId(): string
}

/** One request to `/import`, its body read. */
export interface ImportRequest {
  readonly presented: PresentedCredentials
  readonly body: ImportBody
  readonly strict: boolean
  readonly verbose: boolean
  /** Whether `ip=0` asks not to place its events where it comes from. */
  readonly unplaced: boolean
  /** Epoch ms. */
  readonly receivedAt: number
}

/** What a request is answered, and the rows it leaves behind. */
export interface Judgement {
  readonly answer: Answer
  readonly rows: readonly Row[]
}

interface ParsedElement {
  readonly element: JsonElement
  readonly raw: string
  readonly value: JsonObject
}

/** Judges a request as Mixpanel does: credentials, quota, then the body, then each record. */
export function judgeImport(request: ImportRequest, project: Project): Judgement {
  const { body, presented, receivedAt } = request
  const { switches } = project
  const accepted = switches.host === 'wrong_401' ? {} : project.credentials
  const fault = credentialFault(presented, accepted)
  if (fault !== undefined) return refused(unauthorized(fault, switches))

  const admission = project.admit({ events: eventsIn(body), bytes: body.bytes })
  if (admission.kind === 'throttled') {
    return refused(throttled(admission.retryInMs, receivedAt, switches))
  }
  const { answer, rows } = judgeBody(request, project)
  return { answer, rows: switches.host === 'wrong_200' ? [] : rows }
}

function judgeBody(request: ImportRequest, project: Project): Judgement {
  const { body } = request
  switch (body.kind) {
    case 'no_data':
      return refused(unreadable(NO_DATA))
    case 'broken':
      return judgeBroken(body, request, project)
    case 'too_large': {
      const { oversizeBody, maxBodyBytes } = project.switches
      if (oversizeBody === 413) return refused(tooLarge(`${maxBodyBytes} bytes`))
      const reason = 'http: request body too large'
      const answer = decodeError(body.ahead.length, body.offset, reason)
      return { answer, rows: rowsAhead(body.ahead, request, project) }
    }
    case 'elements':
      return judgeElements(body.elements, request, project)
  }
}

interface Broken {
  readonly ahead: readonly JsonElement[]
  readonly offset: number
  readonly reason: string
}

function judgeBroken(broken: Broken, request: ImportRequest, project: Project): Judgement {
  const { ahead, offset, reason } = broken
  const answer =
    project.switches.unreadableText === 'element_and_offset'
      ? decodeError(ahead.length, offset, reason)
      : unreadable('invalid json format')
  return { answer, rows: rowsAhead(ahead, request, project) }
}

function rowsAhead(
  ahead: readonly JsonElement[],
  request: ImportRequest,
  project: Project,
): readonly Row[] {
  if (project.switches.brokenBody === 'stores_nothing') return []
  return judgeElements(ahead, request, project).rows
}

function judgeElements(
  elements: readonly JsonElement[],
  request: ImportRequest,
  project: Project,
): Judgement {
  const { switches } = project
  if (elements.length > MAX_EVENTS) return refused(tooManyAnswer(switches))
  if (elements.length === 0 && switches.emptyBatch === 'data_missing') {
    return refused(unreadable(NO_DATA))
  }
  const parsed: ParsedElement[] = []
  for (const [index, element] of elements.entries()) {
    const raw = element.bytes.toString()
    const value = parsedObject(raw)
    if (value === undefined) {
      const ahead = elements.slice(0, index)
      const broken = { ahead, offset: element.offset, reason: 'not a JSON object' }
      return judgeBroken(broken, request, project)
    }
    parsed.push({ element, raw, value })
  }
  return judgeBatch(parsed, request, project)
}

function judgeBatch(
  batch: readonly ParsedElement[],
  request: ImportRequest,
  project: Project,
): Judgement {
  const { switches } = project
  const { strict, verbose } = request
  if (switches.largeEvent === 'too_large' && batch.some(isLarge)) {
    return refused(tooLarge(`${EVENT_MAX_BYTES} bytes`))
  }
  const sinks = switches.identityVerbs === 'sink_batch'
  if (sinks && batch.some(({ value }) => isForbiddenVerb(value, switches))) {
    return refused(strict ? allRefused(IDENTITY_REFUSAL) : legacyAnswer(0, batch.length, verbose))
  }
  if (switches.poison !== '' && batch.some(({ value }) => value.event === switches.poison)) {
    return refused(allRefused(POISON_REFUSAL))
  }
  return judgeRecords(batch, request, project)
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

/** What becomes of one record. */
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
    return { kind: 'failed', record: { insertId: insertIdIn(value), ...fault } }
  }
  if (isIgnored(value, switches)) return { kind: 'ignored' }
  return { kind: 'kept', row: storedRow({ value, raw, switches, unplaced, now, generateId }) }
}

function refused(answer: Answer): Judgement {
  return { answer, rows: [] }
}

function tooManyAnswer({ tooManyEvents }: Switches): Answer {
  const limit = `${MAX_EVENTS} events`
  if (tooManyEvents === 413) return tooLarge(limit)
  return unreadable(`request exceeds max limit of ${limit}`)
}

/** Anything but an object is as unreadable as broken JSON to a decoder that expects events. */
function parsedObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isLarge({ element }: ParsedElement): boolean {
  return element.bytes.length >= EVENT_MAX_BYTES
}

function isForbiddenVerb({ event }: JsonObject, { idManagement }: Switches): boolean {
  return idManagement === 'simplified' && IDENTITY_VERBS.includes(event)
}

function insertIdIn({ properties }: JsonObject): string {
  const insertId = isObject(properties) ? properties.$insert_id : undefined
  return typeof insertId === 'string' ? insertId : ''
}
