import type { Answer } from '../answer.ts'
import { judgeBatch, type ParsedElement } from './batch-judgement.ts'
import { credentialFault } from './credentials.ts'
import { decodeError, throttled, tooLarge, unauthorized, unreadable } from './import-answers.ts'
import { countEvents } from './import-body.ts'
import { type ImportRequest, type Judgement, type Project, refused } from './import-request.ts'
import type { JsonElement } from './json-elements.ts'
import { isObject, type JsonObject } from './record.ts'
import type { Row } from './row-store.ts'
import type { Switches } from './switches.ts'

const MAX_EVENTS = 2000
const NO_DATA = 'data, missing or empty'

/** Judges a request as Mixpanel does: credentials, quota, then the body, then each record. */
export function judgeImport(request: ImportRequest, project: Project): Judgement {
  const { body, presented, receivedAt } = request
  const { switches } = project
  const accepted = switches.host === 'wrong_401' ? {} : project.credentials
  const fault = credentialFault(presented, accepted)
  if (fault !== undefined) return refused(unauthorized(fault, switches))

  const admission = project.admit({ events: countEvents(body), bytes: body.bytes })
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

function tooManyAnswer({ tooManyEvents }: Switches): Answer {
  const limit = `${MAX_EVENTS} events`
  if (tooManyEvents === 413) return tooLarge(limit)
  return unreadable(`request exceeds max limit of ${limit}`)
}

/** Parses an object. Any other value is as unreadable as broken JSON to Mixpanel's decoder. */
function parsedObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
