import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, sendAnswer } from './answer.ts'
import { createFaultPlan } from './fault-plan.ts'
import { refusalOfName } from './loopback-name.ts'
import { startLoopbackServer } from './loopback-server.ts'
import type { Behaviour } from './mixpanel/behaviour.ts'
import { createControlRoute, type StandInSettings } from './mixpanel/control-route.ts'
import type { StandInCredentials } from './mixpanel/credentials.ts'
import { createHotShards } from './mixpanel/hot-shards.ts'
import type { Project } from './mixpanel/import-request.ts'
import { createImportRoute } from './mixpanel/import-route.ts'
import { createProfileRoute } from './mixpanel/profile-route.ts'
import { createProfileStore, type Profile } from './mixpanel/profile-store.ts'
import { createQuota, type QuotaLimit } from './mixpanel/quota.ts'
import { createRequestLog, type LoggedRequest, type Traffic } from './mixpanel/request-log.ts'
import { createRowStore, type Row, type RowStore } from './mixpanel/row-store.ts'
import { createSwitchboard, type Switchboard, type Switches } from './mixpanel/switches.ts'
import { createWithheld } from './mixpanel/withheld.ts'
import { wallNow, wallWait } from './wall-clock.ts'

const IMPORT_PATHS: readonly string[] = ['/import', '/import/']

/** The credentials that a stand-in accepts by default. */
export const LOCAL_CREDENTIALS = {
  token: 'local-project-token',
  serviceAccount: { username: 'local-service-account', secret: 'local-service-secret' },
  projectId: '1234567',
} as const satisfies StandInCredentials

export interface MixpanelStandInOptions {
  /** Any free port when absent. */
  readonly port?: number
  readonly credentials?: StandInCredentials
  /** Epoch ms. A time after it is "in the future". */
  readonly now?: () => number
  /** Waits, for the behaviours `delay` and `slow_answer`. */
  readonly wait?: (ms: number) => Promise<void>
  /** Rows kept by an earlier stand-in; none when absent. */
  readonly store?: RowStore
  /** The switches that differ from the favoured reading of Mixpanel's documents. */
  readonly switches?: Partial<Switches>
  /** The project's quota within a rolling window; without a limit when absent. */
  readonly quota?: QuotaLimit
  /** The number of latest requests that `requests` shows; all when absent; 0 keeps sums only. */
  readonly keptRequests?: number
  /** Called with the present settings whenever a request to `/control` has changed them. */
  readonly controlled?: (settings: StandInSettings) => void
}

/** A Mixpanel on loopback: `/import`, `/engage`, `/groups`, views and `/control`. */
export interface MixpanelStandIn {
  /** The base URL, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** The number of connections opened since the start. */
  connections(): number
  /** Stops at once: destroys open sockets, and leaves held requests unanswered. */
  close(): Promise<void>

  /** Every accepted copy, in order of arrival. */
  rows(): readonly Row[]
  /** The rows of queries: the latest of copies equal in event, distinct id, time and insert id. */
  deduplicated(): readonly Row[]
  /** The rows after compaction: equal in the UTC day instead of the time. */
  compacted(): readonly Row[]
  /** The last accepted copies, in order of arrival. */
  lastRows(count: number): readonly Row[]
  /** The numbers of accepted copies, and of those that `deduplicated` leaves out. */
  rowCounts(): { readonly rows: number; readonly copies: number }
  /** The stand-in's readings of what Mixpanel's documents leave in doubt. */
  readonly switches: Switchboard
  /** Sets the project's quota within a rolling window; `undefined` lifts the limit. */
  limitTo(quota: QuotaLimit | undefined): void

  /** The profiles of users, with the updates sent to `/engage` applied. */
  profiles(): readonly Profile[]
  /** The profiles of groups, with the updates sent to `/groups` applied. */
  groups(): readonly Profile[]
  /** The requests to `/import` whose bodies are in, answered or not, in order of arrival. */
  requests(): readonly LoggedRequest[]
  /** The sums over those requests, including the ones that `requests` no longer shows. */
  traffic(): Traffic
  /** Resolves once `count` of them have come since the start or the last `clear`. */
  waitForRequests(count: number): Promise<void>
  /** Forgets rows, profiles and requests; switches, quota and faults stay as they are. */
  clear(): void

  /** Treats the next `times` requests so; calls add up in order. */
  answerNext(times: number, behaviour: Behaviour): void
  /** Treats every request so, once the calls of `answerNext` are used up. */
  answerAlways(behaviour: Behaviour | 'normally'): void
  /** Ends both kinds of fault, and sends the answers that `gate` holds. */
  answerNormally(): void
  /** Sends the answers that `gate` holds, and ends every gate asked for so far. */
  release(): void
}

/** Starts a stand-in on 127.0.0.1. Rejects when its port is taken. */
export async function startMixpanelStandIn(
  options: MixpanelStandInOptions = {},
): Promise<MixpanelStandIn> {
  const { now = wallNow, wait = wallWait, store = createRowStore(), port = 0 } = options
  const log = createRequestLog(options.keptRequests ?? Number.POSITIVE_INFINITY)
  const faults = createFaultPlan<Behaviour>()
  const switches = createSwitchboard(options.switches)
  const quota = createQuota(now)
  quota.set(options.quota)
  let generated = 0
  const hotShards = createHotShards()
  const withheld = createWithheld()
  const answerImport = createImportRoute({
    project,
    store,
    hotShards,
    withheld,
    log,
    faults,
    now,
    wait,
  })
  const users = createProfileStore()
  const groups = createProfileStore()
  const { token } = options.credentials ?? LOCAL_CREDENTIALS
  const answerEngage = createProfileRoute({
    kind: 'user',
    store: users,
    switches: switches.values,
    token,
  })
  const answerGroups = createProfileRoute({
    kind: 'group',
    store: groups,
    switches: switches.values,
    token,
  })
  const answerControl = createControlRoute({
    switches,
    faults,
    quota,
    controlled: options.controlled,
  })
  const server = await startLoopbackServer({ name: 'the Mixpanel stand-in', port }, answerRequest)

  return {
    ...server,
    rows: store.rows,
    deduplicated,
    compacted,
    lastRows: store.last,
    rowCounts: () => ({ rows: store.count(), copies: store.copies(switches.values()) }),
    switches,
    limitTo: quota.set,
    profiles: users.profiles,
    groups: groups.profiles,
    requests: log.requests,
    traffic: log.traffic,
    waitForRequests: log.waitForRequests,
    clear,
    answerNext: faults.answerNext,
    answerAlways: faults.answerAlways,
    answerNormally: faults.clear,
    release: faults.release,
  }

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', server.url)
    if (request.method === 'POST' && IMPORT_PATHS.includes(url.pathname)) {
      return answerImport(request, response, url)
    }
    const route = `${request.method} ${url.pathname}`
    if (route === 'POST /engage') return sendAnswer(response, await answerEngage(request, url))
    if (route === 'POST /groups') return sendAnswer(response, await answerGroups(request, url))
    const refusal = refusalOfName(request)
    if (refusal !== undefined) return sendAnswer(response, refusal)
    sendAnswer(response, (await answerControl(request, route)) ?? viewOf(route, readLast(url)))
  }

  function viewOf(route: string, last: number): Answer {
    switch (route) {
      case 'GET /events':
        return legible(deduplicated().slice(-last))
      case 'GET /compacted':
        return legible(compacted().slice(-last))
      case 'GET /rows':
        return legible(store.rows().slice(-last))
      case 'DELETE /rows':
        clear()
        return { status: 204 }
      case 'GET /profiles':
        return legible(users.profiles())
      case 'GET /groups':
        return legible(groups.profiles())
      case 'GET /requests':
        return legible(log.requests().slice(-last))
      case 'GET /traffic':
        return legible(log.traffic())
      default:
        return { status: 404, body: `no such route here: ${route}; GET / lists all routes\n` }
    }
  }

  function project(): Project {
    return {
      credentials: options.credentials ?? LOCAL_CREDENTIALS,
      switches: switches.values(),
      admit: quota.admit,
      generateId: () => `generated-${++generated}`,
    }
  }

  function deduplicated(): readonly Row[] {
    return store.deduplicated(switches.values())
  }

  function compacted(): readonly Row[] {
    return store.compacted(switches.values())
  }

  function clear(): void {
    store.clear()
    hotShards.clear()
    withheld.clear()
    users.clear()
    groups.clear()
    log.clear()
  }
}

/** The number of rows that `?last=` asks for: a long view may exceed the longest possible text. */
function readLast({ searchParams }: URL): number {
  const last = Number(searchParams.get('last'))
  return Number.isSafeInteger(last) && last > 0 ? last : Number.POSITIVE_INFINITY
}

/** Formats a view for people with curl: one field a line. */
function legible(view: object): Answer {
  const headers = { 'content-type': 'application/json' }
  return { status: 200, body: `${JSON.stringify(view, null, 2)}\n`, headers }
}
