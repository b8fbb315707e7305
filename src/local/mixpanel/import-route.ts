import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type Answer, sendAnswer, sendHalf } from '../answer.ts'
import type { FaultPlan } from '../fault-plan.ts'
import type { Behaviour } from './behaviour.ts'
import type { HotShards } from './hot-shards.ts'
import { allImported, firstFailedOnly, throttled } from './import-answers.ts'
import { type BodyHeaders, countEvents, type ImportBody, readImportBody } from './import-body.ts'
import { judgeImport } from './import-judgement.ts'
import type { ImportRequest, Judgement, Project } from './import-request.ts'
import { ODD_ANSWERS, type OddAnswer } from './odd-answers.ts'
import type { LoggedRequest, RequestLog } from './request-log.ts'
import type { Row, RowStore } from './row-store.ts'
import type { Switches } from './switches.ts'
import type { Withheld } from './withheld.ts'

const LOGGED_HEADERS = [
  'accept',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
]

export interface ImportRouteDeps {
  /** Returns the project with its present settings. */
  readonly project: () => Project
  readonly store: RowStore
  readonly hotShards: HotShards
  readonly withheld: Withheld
  readonly log: RequestLog
  readonly faults: FaultPlan<Behaviour>
  /** Epoch ms. */
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
}

/** Answers one request to `/import`, or leaves it unanswered when the behaviour says so. */
export type AnswerImport = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => Promise<void>

/** One exchange whose body has been read, and the steps that remain. */
interface Exchange {
  /** The number of events in the body, as far as it can be read. */
  readonly sent: number
  /** Judges the body as Mixpanel would; stores nothing. */
  judge(): Judgement
  /** Stores the rows of a judgement, and returns its answer. */
  store(judgement: Judgement): Answer
  send(answer: Answer): void
  cutOff(answer: Answer): void
  reset(): void
}

/** The route `POST /import`: the answers of a faultless Mixpanel, and the faults asked for. */
export function createImportRoute(deps: ImportRouteDeps): AnswerImport {
  const { store, hotShards, withheld, log, faults, now, wait } = deps

  return async function answerImport(request, response, url) {
    const sent = await buffer(request)
    const body = readImportBody(sent, bodyHeadersOf(request), deps.project().switches)
    const notes = log.add(loggedRequest(request, url, body, now()))
    await behave(faults.next(), {
      sent: countEvents(body),
      judge: () => judge(request, url, body),
      store: ({ answer, rows }) => {
        store.add(hotShards.rename(rows, deps.project().switches.hotShardEvents))
        notes.stored(rows.length)
        return answer
      },
      send: (answer) => {
        notes.answered(answer.status)
        sendAnswer(response, answer)
      },
      cutOff: (answer) => {
        notes.answered(answer.status)
        sendHalf(response, answer)
      },
      reset: () => request.socket.resetAndDestroy(),
    })
  }

  function judge(request: IncomingMessage, { searchParams }: URL, body: ImportBody): Judgement {
    const project = deps.project()
    const { authorization, accept } = request.headers
    const asked: ImportRequest = {
      presented: { authorization, projectId: searchParams.get('project_id') ?? undefined },
      body,
      strict: isStrict(searchParams.get('strict'), accept, project.switches),
      verbose: searchParams.get('verbose') === '1',
      unplaced: searchParams.get('ip') === '0',
      receivedAt: now(),
    }
    return judgeImport(asked, project)
  }

  async function behave(behaviour: Behaviour | 'normally', exchange: Exchange): Promise<void> {
    if (behaviour === 'normally') return exchange.send(importBody(exchange))
    switch (behaviour.kind) {
      case 'status':
        return exchange.send(behaviour)
      case 'odd':
        return exchange.send(oddAnswer(behaviour.answer, exchange))
      case 'throttle':
        return exchange.send(throttled(behaviour.retryInMs, now(), deps.project().switches))
      case 'hang':
        return
      case 'delay':
        await wait(behaviour.ms)
        return exchange.send(importBody(exchange))
      case 'slow_answer':
        return sendAfter(() => wait(behaviour.ms), exchange)
      case 'shortfall': {
        const take = behaviour.once ? withheld.firstOrKnown : withheld.first
        return exchange.send(fallShort(exchange, (rows) => take(rows, behaviour.imported)))
      }
      case 'unbalanced':
        return exchange.send(
          listFewer(exchange, (rows) => withheld.first(rows, behaviour.imported)),
        )
      case 'reset_before_import':
        return exchange.reset()
      case 'reset_after_import':
        importBody(exchange)
        return exchange.reset()
      case 'cut_off':
        return exchange.cutOff(importBody(exchange))
      case 'gate':
        return sendAfter(faults.held, exchange)
    }
  }
}

function importBody({ judge, store }: Exchange): Answer {
  return store(judge())
}

async function sendAfter(moment: () => Promise<void>, exchange: Exchange): Promise<void> {
  const answer = importBody(exchange)
  await moment()
  exchange.send(answer)
}

function oddAnswer(name: OddAnswer, { sent, judge, store }: Exchange): Answer {
  const { imports, answerTo } = ODD_ANSWERS[name]
  if (!imports) return answerTo({ sent, imported: 0 })
  const judgement = judge()
  store(judgement)
  return answerTo({ sent, imported: judgement.rows.length })
}

/** Applies a shortfall. A refused request is answered as normal: it has no count to fall short. */
function fallShort(
  { judge, store }: Exchange,
  take: (rows: readonly Row[]) => readonly Row[],
): Answer {
  const judgement = judge()
  if (judgement.answer.status !== 200) return store(judgement)
  const rows = take(judgement.rows)
  return store({ answer: allImported(rows.length), rows })
}

function listFewer(
  { judge, store }: Exchange,
  take: (rows: readonly Row[]) => readonly Row[],
): Answer {
  const judgement = judge()
  const rows = take(judgement.rows)
  const answer = firstFailedOnly(judgement.answer, rows.length)
  return store(answer === undefined ? judgement : { answer, rows })
}

function isStrict(strict: string | null, accept = '', switches: Switches): boolean {
  if ((strict ?? switches.strictOmitted) !== '1') return false
  return switches.acceptHeader === 'optional' || /\bapplication\/json\b|\*\/\*/.test(accept)
}

function bodyHeadersOf({ headers }: IncomingMessage): BodyHeaders {
  return {
    contentType: headers['content-type'] ?? '',
    contentEncoding: headers['content-encoding'] ?? '',
  }
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
    events: countEvents(body),
    bytes: body.bytes,
    receivedAt,
  }
}
