import axios, { AxiosError, type AxiosInstance, type AxiosResponse } from 'axios'
import axiosRetry from 'axios-retry'
import type { Clock } from '../lib/clock.ts'
import type { RequestEnd } from '../model/telemetry.ts'
import type { ImportAnswer } from './answer.ts'
import { createFreshSockets } from './fresh-sockets.ts'
import type { ImportBody } from './import-body.ts'
import { unreachableCauseOf } from './unreachable-cause.ts'

export type Credentials = Readonly<
  | { kind: 'project_token'; token: string }
  | { kind: 'service_account'; username: string; secret: string; projectId: string }
>

export interface MixpanelClientOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string
  readonly credentials: Credentials
  /** One attempt, from its first byte to the last of the answer. */
  readonly timeoutMs: number
  readonly maxSockets: number
  readonly userAgent: string
}

/** Decides, after an attempt that should be made again, whether and when. */
export interface AttemptPolicy {
  /** Events in the body, for the telemetry. */
  readonly events: number
  /** Whether the answer asks for another attempt. */
  retryable(answer: ImportAnswer): boolean
  /** Resolves when attempt number `failed + 1` may start; `false` gives up. */
  waitTurn(failed: number, answer: ImportAnswer): Promise<boolean>
}

export interface MixpanelClient {
  /** Sends one body until an answer is final. Resolves with the last answer; never rejects for one. */
  send(body: ImportBody, policy: AttemptPolicy): Promise<ImportAnswer>
  close(): void
}

/** An answer lists up to 2,000 failed records; a hostile one must not fill the memory. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024

/** `POST /import?strict=1` by axios; axios-retry repeats an attempt when the policy says so. */
export function createMixpanelClient(
  options: MixpanelClientOptions,
  parts: { readonly clock: Clock; readonly requestEnded: (end: RequestEnd) => void },
): MixpanelClient {
  const { clock, requestEnded } = parts
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
          validateResponse: (response) => !policy.retryable(ended(answerIn(response))),
          retryCondition: (error) =>
            error.response !== undefined || policy.retryable(ended(answerTo(error))),
          onRetry: async (failed, _error, config) => {
            if (!last || !(await policy.waitTurn(failed, last))) throw new GaveUp()
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

  /** Bounds one attempt as a whole: axios's own time-out starts anew with each byte of an answer. */
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

/** The way out of axios-retry when the next attempt would come too late. */
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
  // Our gate decides when; axios-retry's own wait is on the real clock, and uncapped.
  axiosRetry(http, { retries: Number.POSITIVE_INFINITY, retryDelay: () => 0 })
  return http
}

/** `ip=0` as Mixpanel's own Node client: else every user is placed in the data centre. */
function paramsFor(credentials: Credentials): Record<string, string> {
  const params = { strict: '1', ip: '0' }
  if (credentials.kind === 'project_token') return params
  return { ...params, project_id: credentials.projectId }
}

function basicAuthFor(credentials: Credentials): { username: string; password: string } {
  if (credentials.kind === 'project_token') return { username: credentials.token, password: '' }
  return { username: credentials.username, password: credentials.secret }
}

/** A torn answer is no answer, even when its status line has come: axios leaves its data out. */
function withoutTornAnswer(error: unknown): Promise<never> {
  if (error instanceof AxiosError && typeof error.response?.data !== 'string') delete error.response
  return Promise.reject(error)
}

function answerIn({ status, data: body, headers }: AxiosResponse<string>): ImportAnswer {
  const retryAfter: unknown = headers['retry-after']
  if (typeof retryAfter !== 'string') return { kind: 'answered', status, body }
  return { kind: 'answered', status, body, retryAfter }
}

/** An attempt is cancelled when its time is up, and for nothing else. */
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
