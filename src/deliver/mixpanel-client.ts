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
  /** The verdict on the last answer, for traces. */
  readonly verdict?: Readonly<{ kind: string; reason?: string }>
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

/** The code of an error that stands for a good answer after which another attempt is wanted. */
const ANOTHER_ATTEMPT = 'ANOTHER_ATTEMPT'

declare module 'axios' {
  interface AxiosRequestConfig {
    /** Called with each answer of a good status. Returns whether another attempt is wanted. */
    onAnswer?: (answer: ImportAnswer) => boolean
  }
}

/**
 * Makes a client that sends `POST /import?strict=1` by axios. axios-retry runs the loop, and turns
 * it inside out. This is its order:
 *
 * 1. `begin` starts an attempt: it drops stale sockets, and bounds the time of the attempt.
 * 2. axios sends the body. `answerIn` or `answerTo` reads the answer, or the error without one.
 * 3. `onAnswer` ends the attempt, notes it, and asks the policy whether another one is wanted. An
 *    interceptor calls it for a good status, and `retryCondition` for all other ends.
 * 4. If none is wanted, `send` resolves with the answer.
 * 5. Else `onRetry` waits for `policy.nextAttempt`, and the next attempt begins at 1. axios-retry
 *    adds no wait and no limit of its own.
 * 6. If the policy gives up, `onRetry` throws `GaveUp`, and `send` resolves with the last answer.
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
        onAnswer,
        'axios-retry': {
          retryCondition: (error) => error.code === ANOTHER_ATTEMPT || onAnswer(answerTo(error)),
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
      attempt.stopTimer()
    }

    function onAnswer(answer: ImportAnswer): boolean {
      last = answer
      attempt.stopTimer()
      const status = answer.kind === 'answered' ? answer.status : answer.reason
      const elapsedMs = clock.monotonic() - attempt.startedAt
      const request = { events: policy.events, bytes: body.plainBytes, elapsedMs }
      requestEnded(
        'cause' in answer ? { status, cause: answer.cause, ...request } : { status, ...request },
      )
      return policy.onAnswer(answer)
    }
  }

  /**
   * Bounds one attempt as a whole: axios's own time-out starts anew with each byte of an answer.
   */
  function begin(): Attempt {
    const startedAt = clock.monotonic()
    if (startedAt >= sockets.freshUntil) sockets.closeStale()
    const timeUp = new AbortController()
    const stopTimer = clock.after(options.timeoutMs, () => timeUp.abort())
    return { signal: timeUp.signal, startedAt, stopTimer }
  }
}

interface Attempt {
  readonly signal: AbortSignal
  /** In monotonic ms. */
  readonly startedAt: number
  readonly stopTimer: () => void
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
  http.interceptors.response.use(orAnotherAttempt)
  // Our gate decides when to retry. The wait of axios-retry uses the real clock, and has no bound.
  axiosRetry(http, { retries: Number.POSITIVE_INFINITY, retryDelay: () => 0 })
  return http
}

/**
 * Returns the query. `ip=0`, as in Mixpanel's own Node client, keeps Mixpanel from placing every
 * user in the data centre.
 */
export function paramsFor(credentials: MixpanelCredentials): Record<string, string> {
  const params = { strict: '1', ip: '0' }
  if (credentials.kind === 'project_token') return params
  return { ...params, project_id: credentials.projectId }
}

/** Returns the user and the password of a request. */
export function basicAuthFor(credentials: MixpanelCredentials): {
  username: string
  password: string
} {
  if (credentials.kind === 'project_token') return { username: credentials.token, password: '' }
  return { username: credentials.username, password: credentials.secret }
}

/** Throws when another attempt is wanted after a good answer: axios-retry repeats errors only. */
function orAnotherAttempt(response: AxiosResponse<string>): AxiosResponse<string> {
  const { config, request } = response
  if (!config.onAnswer?.(answerIn(response))) return response
  throw new AxiosError('another attempt is wanted', ANOTHER_ATTEMPT, config, request, response)
}

function isWhole(response: AxiosResponse): response is AxiosResponse<string> {
  return typeof response.data === 'string'
}

function answerIn({ status, data: body, headers }: AxiosResponse<string>): ImportAnswer {
  const retryAfter: unknown = headers['retry-after']
  if (typeof retryAfter !== 'string') return { kind: 'answered', status, body }
  return { kind: 'answered', status, body, retryAfter }
}

/** Returns the answer in an error. An attempt is cancelled only when its time is up. */
function answerTo(error: AxiosError): ImportAnswer {
  const { response } = error
  // A torn answer is none, even when its status line has come: axios leaves its data out.
  if (response && isWhole(response)) return answerIn(response)
  if (error.code === AxiosError.ERR_CANCELED) {
    return { kind: 'unanswered', reason: 'mixpanel_timeout' }
  }
  return { kind: 'unanswered', reason: 'mixpanel_unreachable', cause: unreachableCauseOf(error) }
}
