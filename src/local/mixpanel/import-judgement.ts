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
  type InsertIdKey,
  legacyAnswer,
  someFailed,
  tooLarge,
  unauthorized,
  unreadable,
} from './import-answers.ts'
import type { ImportBody } from './import-body.ts'
import type { JsonElement } from './json-elements.ts'
import { type IdManagement, isObject, type JsonObject } from './record.ts'
import { recordFault } from './record-rules.ts'
import type { Row } from './row-store.ts'
import { isIgnored, storedRow } from './stored-row.ts'

const MAX_EVENTS = 2000
const IDENTITY_VERBS: readonly unknown[] = ['$identify', '$create_alias', '$merge']
const IDENTITY_REFUSAL =
  'identity events are not allowed when project is using simplified identity management'
const POISON_REFUSAL = 'an event of this batch cannot be imported'

/** How the project is set up, and which of the documents' readings a stand-in follows. */
export interface ProjectSetting {
  readonly credentials: StandInCredentials
  readonly idManagement: IdManagement
  readonly insertIdKey: InsertIdKey
  /** Uncompressed. */
  readonly maxBodyBytes: number
  readonly oversizeAnswer: 400 | 413
  readonly quirk?: Quirk
}

/** What a project does otherwise than the documents say, to one request. */
export type Quirk = Readonly<
  { kind: 'poison'; event: string } | { kind: 'shortfall'; imported: number }
>

/** One request to `/import`, its body read. */
export interface ImportRequest {
  readonly presented: PresentedCredentials
  readonly body: ImportBody
  readonly strict: boolean
  readonly verbose: boolean
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

/** Judges a request as Mixpanel does: credentials first, then the body, then each record. */
export function judgeImport(request: ImportRequest, project: ProjectSetting): Judgement {
  const fault = credentialFault(request.presented, project.credentials)
  if (fault !== undefined) return refused(unauthorized(fault))

  const { body } = request
  switch (body.kind) {
    case 'no_data':
      return refused(unreadable('data, missing or empty'))
    case 'broken':
      return refused(decodeError(body.index, body.offset, body.reason))
    case 'too_large':
      return refused(oversizeAnswer(body, project))
    case 'elements':
      return judgeElements(body.elements, request, project)
  }
}

function judgeElements(
  elements: readonly JsonElement[],
  request: ImportRequest,
  project: ProjectSetting,
): Judgement {
  if (elements.length > MAX_EVENTS) return refused(tooManyAnswer(project))

  const parsed: ParsedElement[] = []
  for (const [index, element] of elements.entries()) {
    const raw = element.bytes.toString()
    const value = parsedObject(raw)
    if (value === undefined) return refused(decodeError(index, element.offset, 'not a JSON object'))
    parsed.push({ element, raw, value })
  }
  if (project.idManagement === 'simplified' && parsed.some(isIdentityVerb)) {
    const { strict, verbose } = request
    return refused(strict ? allRefused(IDENTITY_REFUSAL) : legacyAnswer(0, parsed.length, verbose))
  }
  return judgeByQuirk(parsed, request, project)
}

function judgeByQuirk(
  parsed: readonly ParsedElement[],
  request: ImportRequest,
  project: ProjectSetting,
): Judgement {
  const { quirk } = project
  switch (quirk?.kind) {
    case undefined:
      return judgeRecords(parsed, request, project)
    case 'poison':
      return parsed.some(({ value }) => value.event === quirk.event)
        ? refused(allRefused(POISON_REFUSAL))
        : judgeRecords(parsed, request, project)
    case 'shortfall': {
      const rows = judgeRecords(parsed, request, project).rows.slice(0, quirk.imported)
      return { answer: allImported(rows.length), rows }
    }
  }
}

function judgeRecords(
  parsed: readonly ParsedElement[],
  { receivedAt: now, strict, verbose }: ImportRequest,
  { idManagement, insertIdKey }: ProjectSetting,
): Judgement {
  const failed: FailedRecord[] = []
  const rows: Row[] = []
  for (const [index, { element, raw, value }] of parsed.entries()) {
    const { bytes } = element
    const record = { value, bytes: bytes.length, utf8: isUtf8(bytes), idManagement, now }
    const fault = recordFault(record)
    if (fault !== undefined) failed.push({ index, insertId: insertIdIn(value), ...fault })
    else if (!isIgnored(value)) rows.push(storedRow({ value, raw, idManagement, now }))
  }

  if (!strict) return { answer: legacyAnswer(rows.length, failed.length, verbose), rows }
  if (failed.length === 0) return { answer: allImported(rows.length), rows }
  return { answer: someFailed(failed, rows.length, insertIdKey), rows }
}

function refused(answer: Answer): Judgement {
  return { answer, rows: [] }
}

function oversizeAnswer(
  { index, offset }: { readonly index: number; readonly offset: number },
  project: ProjectSetting,
): Answer {
  if (project.oversizeAnswer === 413) return tooLarge(`${project.maxBodyBytes} bytes`)
  return decodeError(index, offset, 'http: request body too large')
}

function tooManyAnswer(project: ProjectSetting): Answer {
  if (project.oversizeAnswer === 413) return tooLarge(`${MAX_EVENTS} events`)
  return unreadable(`request exceeds max limit of ${MAX_EVENTS} events`)
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

function isIdentityVerb({ value }: ParsedElement): boolean {
  return IDENTITY_VERBS.includes(value.event)
}

function insertIdIn({ properties }: JsonObject): string {
  const insertId = isObject(properties) ? properties.$insert_id : undefined
  return typeof insertId === 'string' ? insertId : ''
}
