import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type Answer, sendAnswer, sendHalf } from '../answer.ts'
import type { Behaviour, Faults } from './faults.ts'
import { eventsIn, type ImportBody, importBodyOf } from './import-body.ts'
import { judgeImport, type ProjectSetting, type Quirk } from './import-judgement.ts'
import type { LoggedRequest, RequestLog } from './request-log.ts'
import type { RowStore } from './row-store.ts'

const LOGGED_HEADERS = [
  'accept',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
]

export interface ImportRouteParts {
  readonly project: ProjectSetting
  readonly store: RowStore
  readonly log: RequestLog
  readonly faults: Faults
  /** Epoch ms. */
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
}

/** Answers one request to `/import`, or leaves it hanging when that is how it is to behave. */
export type AnswerImport = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => Promise<void>

/** How one exchange can go on once its body is in. */
interface Exchange {
  /** Stores what is to be stored, and returns what Mixpanel would answer. */
  importBody(quirk?: Quirk): Answer
  send(answer: Answer): void
  cutOff(answer: Answer): void
  reset(): void
}

/** The route `POST /import`: what a faultless Mixpanel does, and what the faults make of it. */
export function createImportRoute(parts: ImportRouteParts): AnswerImport {
  const { project, store, log, faults, now, wait } = parts

  return async function answerImport(request, response, url) {
    const body = await bodyOf(request, project.maxBodyBytes)
    const noteStatus = log.add(loggedRequest(request, url, body, now()))
    await behave(faults.next(), {
      importBody: (quirk) => importBody(request, url, body, quirk),
      send: (answer) => {
        noteStatus(answer.status)
        sendAnswer(response, answer)
      },
      cutOff: (answer) => {
        noteStatus(answer.status)
        sendHalf(response, answer)
      },
      reset: () => request.socket.resetAndDestroy(),
    })
  }

  function importBody(
    request: IncomingMessage,
    { searchParams }: URL,
    body: ImportBody,
    quirk: Quirk | undefined,
  ): Answer {
    const { authorization } = request.headers
    const { answer, rows } = judgeImport(
      {
        presented: { authorization, projectId: searchParams.get('project_id') ?? undefined },
        body,
        strict: searchParams.get('strict') === '1',
        verbose: searchParams.get('verbose') === '1',
        receivedAt: now(),
      },
      { ...project, ...(quirk && { quirk }) },
    )
    store.add(rows)
    return answer
  }

  async function behave(behaviour: Behaviour | 'normally', exchange: Exchange): Promise<void> {
    if (behaviour === 'normally') return exchange.send(exchange.importBody())
    switch (behaviour.kind) {
      case 'status':
        return exchange.send(behaviour)
      case 'hang':
        return
      case 'delay':
        await wait(behaviour.ms)
        return exchange.send(exchange.importBody())
      case 'poison':
      case 'shortfall':
        return exchange.send(exchange.importBody(behaviour))
      case 'reset_before_import':
        return exchange.reset()
      case 'reset_after_import':
        exchange.importBody()
        return exchange.reset()
      case 'cut_off':
        return exchange.cutOff(exchange.importBody())
      case 'gate':
        return sendWhenReleased(exchange)
    }
  }

  async function sendWhenReleased({ importBody, send }: Exchange): Promise<void> {
    const answer = importBody()
    await faults.held()
    send(answer)
  }
}

async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<ImportBody> {
  const headers = {
    contentType: request.headers['content-type'] ?? '',
    contentEncoding: request.headers['content-encoding'] ?? '',
  }
  return importBodyOf(await buffer(request), headers, maxBytes)
}

function loggedRequest(
  request: IncomingMessage,
  url: URL,
  body: ImportBody,
  receivedAt: number,
): LoggedRequest {
  const headers = LOGGED_HEADERS.flatMap((name) => {
    const value = request.headers[name]
    return typeof value === 'string' ? [[name, value]] : []
  })
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(headers),
    events: eventsIn(body),
    bytes: body.bytes,
    receivedAt,
  }
}
