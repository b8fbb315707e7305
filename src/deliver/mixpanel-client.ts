import axios, { AxiosError, type AxiosInstance, type AxiosResponse } from 'axios'
import axiosRetry from 'axios-retry'
import type { Clock } from '../lib/clock.ts'
import type { MixpanelCredentials } from '../model/credentials.ts'
import type { RequestEnd } from '../model/telemetry.ts'
import type { ImportAnswer } from './answer.ts'
import { createFreshSockets } from './fresh-sockets.ts'
import type { ImportBody } from './import-body.ts'
import { unreachableCauseOf } from './unreachable-cause.ts'

export interface MixpanelClientOptions {
  /** The base URL, without a slash at its end. */
  readonly baseUrl: string
  readonly credentials: MixpanelCredentials
  /** The time of one attempt, from its first byte to the last byte of the answer. */
  readonly timeoutMs: number
  readonly maxSockets: number
  readonly userAgent: string
}

/** The rules for another attempt: whether there is one, and when. */
export interface AttemptPolicy {
  /** The number of events in the body, for the telemetry. */
  readonly events: number
  /** Takes the answer to an attempt. Returns whether another attempt is wanted. */
  onAnswer(answer: ImportAnswer): boolean
  /**
   * Waits for the next attempt. Resolves with `true` when attempt number `failed + 1` may start, or
   * with `false` to give up.
   */
  nextAttempt(failed: number, answer: ImportAnswer): Promise<boolean>
}

export interface MixpanelClient {
  /**
   * Sends one body until an answer is final. Resolves with the last answer, and does not reject for
   * an answer.
   */
  send(body: ImportBody, policy: AttemptPolicy): Promise<ImportAnswer>
  close(): void
}

/**
 * The most bytes of an answer. It lists up to 2,000 failed records, and a hostile one must not fill
 * the memory.
 */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024

/**
 * Makes a client that sends `POST /import?strict=1` by axios. axios-retry repeats an attempt when
 * the policy says so.
 */
export function createMixpanelClient(
  options: MixpanelClientOptions,
  deps: { readonly clock: Clock; readonly requestEnded: (end: RequestEnd) => void },
): MixpanelClient {
  const { clock, requestEnded } = deps
  const sockets = createFreshSockets(options, clock)
  const http = createHttp(options, sockets.agent)

  return { send, close: sockets.close }

  async function send(body: ImportBody, policy: AttemptPolicy): Promise<ImportAnswer> {
    let last: ImportAnswer | undefined
    let attempt = begin()
    try {
      const response = await http.post<string>('/import', body.bytes, {
        headers: body.encoding === 'gzip' ? { 'content-encoding': 'gzip' } : {},
        signal: attempt.signal,
        'axios-retry': {
          validateResponse: (response) => !policy.onAnswer(ended(answerIn(response))),
          retryCondition: (error) =>
            error.response !== undefined || policy.onAnswer(ended(answerTo(error))),
          onRetry: async (failed, _error, config) => {
            if (!last || !(await policy.nextAttempt(failed, last))) throw new GaveUp()
            attempt = begin()
            config.signal = attempt.signal
          },
        },
      })
      return answerIn(response)
    } catch (error) {
      if (last && (error instanceof GaveUp || error instanceof AxiosError)) return last
      throw error
    } finally {
      attempt.end()
    }

    function ended(answer: ImportAnswer): ImportAnswer {
      last = answer
      const size = { events: policy.events, bytes: body.plainBytes }
      requestEnded({ ...wayOf(answer), ...size, elapsedMs: attempt.end() })
      return answer
    }
  }

  /**
   * Bounds one attempt as a whole: axios's own time-out starts anew with each byte of an answer.
   */
  function begin(): { signal: AbortSignal; end: () => number } {
    sockets.closeStale()
    const timeUp = new AbortController()
    const startedAt = clock.monotonic()
    const callOff = clock.after(options.timeoutMs, () => timeUp.abort())
    return {
      signal: timeUp.signal,
      end() {
        callOff()
        return clock.monotonic() - startedAt
      },
    }
  }
}

/** The error that ends axios-retry when the next attempt would come too late. */
class GaveUp extends Error {}

function createHttp(options: MixpanelClientOptions, agent: object): AxiosInstance {
  const { credentials } = options
  const http = axios.create({
    baseURL: options.baseUrl,
    params: paramsFor(credentials),
    auth: basicAuthFor(credentials),
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': options.userAgent,
    },
    httpAgent: agent,
    httpsAgent: agent,
    proxy: false,
    maxRedirects: 0,
    maxBodyLength: Number.POSITIVE_INFINITY,
    maxContentLength: MAX_ANSWER_BYTES,
    responseType: 'text',
  })
  http.interceptors.response.use(undefined, withoutTornAnswer)
  // Our gate decides when to retry. The wait of axios-retry uses the real clock, and has no bound.
  axiosRetry(http, { retries: Number.POSITIVE_INFINITY, retryDelay: () => 0 })
  return http
}

/**
 * Returns the query. `ip=0`, as in Mixpanel's own Node client, keeps Mixpanel from placing every
 * user in the data centre.
 */
function paramsFor(credentials: MixpanelCredentials): Record<string, string> {
  const params = { strict: '1', ip: '0' }
  if (credentials.kind === 'project_token') return params
  return { ...params, project_id: credentials.projectId }
}

function basicAuthFor(credentials: MixpanelCredentials): { username: string; password: string } {
  if (credentials.kind === 'project_token') return { username: credentials.token, password: '' }
  return { username: credentials.username, password: credentials.secret }
}

/** Treats a torn answer as none, even when its status line has come: axios leaves its data out. */
function withoutTornAnswer(error: unknown): Promise<never> {
  if (error instanceof AxiosError && typeof error.response?.data !== 'string') delete error.response
  return Promise.reject(error)
}

function answerIn({ status, data: body, headers }: AxiosResponse<string>): ImportAnswer {
  const retryAfter: unknown = headers['retry-after']
  if (typeof retryAfter !== 'string') return { kind: 'answered', status, body }
  return { kind: 'answered', status, body, retryAfter }
}

/** Returns the answer for an error. An attempt is cancelled only when its time is up. */
function answerTo(error: AxiosError): ImportAnswer {
  if (error.code === AxiosError.ERR_CANCELED) {
    return { kind: 'unanswered', reason: 'mixpanel_timeout' }
  }
  return { kind: 'unanswered', reason: 'mixpanel_unreachable', cause: unreachableCauseOf(error) }
}

function wayOf(answer: ImportAnswer): Pick<RequestEnd, 'status' | 'cause'> {
  if (answer.kind === 'answered') return { status: answer.status }
  const { kind: _, reason: status, ...cause } = answer
  return { status, ...cause }
}
