import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import axios, { type AxiosRequestConfig, isAxiosError } from 'axios'
import type { Clock } from '../lib/clock.ts'
import type { Access, GoogleCredentials } from './google-credentials.ts'

/** The answer to one request. */
export type PubsubAnswer = Readonly<
  | { kind: 'answered'; status: number; body: unknown }
  /** No complete answer came: the request may have been carried out, or not. */
  | { kind: 'unanswered'; code: string }
  /** The request was not sent, because there are no credentials that Google accepts. */
  | { kind: 'no_access'; code: string }
>

export interface PubsubClient {
  /**
   * Sends `POST NAME:method` with this JSON, and waits for the whole answer, 10 s when no other time
   * is given. Like the other, it never rejects.
   */
  post(method: string, json: string, withinMs?: number): Promise<PubsubAnswer>
  /** Asks for the resource itself. */
  describe(): Promise<PubsubAnswer>
  /** Ends all requests, those under way too. They count as unanswered. */
  close(): void
}

export interface PubsubClientOptions {
  /** The base URL, without a slash at its end. */
  readonly baseUrl: string
  /** The full name, `projects/P/topics/T` or `projects/P/subscriptions/S`. */
  readonly name: string
  readonly userAgent: string
  /** The most bytes of an answer. */
  readonly maxAnswerBytes: number
}

/** The time from asking for credentials to the last byte of the answer. */
const TIMEOUT_MS = 10_000
/**
 * The longest idle time of a socket. An instance may be frozen between requests, and then has no
 * timer to notice that a peer has hung up.
 */
const MAX_IDLE_MS = 4_000

const TIMED_OUT = { kind: 'unanswered', code: 'TIMED_OUT' } as const
const CLOSED = { kind: 'unanswered', code: 'CLOSED' } as const

/**
 * Makes a client for Pub/Sub's REST API of one topic or one subscription:
 * cloud.google.com/pubsub/docs/reference/rest.
 */
export function createPubsubClient(
  options: PubsubClientOptions,
  deps: { readonly clock: Clock; readonly credentials: GoogleCredentials },
): PubsubClient {
  const { clock, credentials } = deps
  const path = options.name.split('/').map(encodeURIComponent).join('/')
  const url = `${options.baseUrl}/v1/${path}`
  const agent = options.baseUrl.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true })
    : new HttpAgent({ keepAlive: true })
  /** Ends a request under way, each. */
  const underWay = new Set<(answer: PubsubAnswer) => void>()
  let lastUsedAt = clock.monotonic()
  let isClosed = false

  return {
    post: (method, json, withinMs = TIMEOUT_MS) =>
      ask({ method: 'POST', url: `${url}:${method}`, data: json }, withinMs),
    describe: () => ask({ method: 'GET', url }, TIMEOUT_MS),
    close,
  }

  function close(): void {
    isClosed = true
    for (const end of underWay) end(CLOSED)
    agent.destroy()
  }

  async function ask(request: AxiosRequestConfig, withinMs: number): Promise<PubsubAnswer> {
    if (isClosed) return CLOSED
    const abort = new AbortController()
    const ended = Promise.withResolvers<PubsubAnswer>()
    const cancel = clock.after(withinMs, () => {
      // The credentials may be the cause, and the next request must not wait for them, too.
      credentials.forget()
      end(TIMED_OUT)
    })
    underWay.add(end)
    try {
      // A library that asks for a token knows nothing of our time limit.
      return await Promise.race([ended.promise, requestWithAccess(request, abort.signal)])
    } finally {
      cancel()
      underWay.delete(end)
      lastUsedAt = clock.monotonic()
    }

    function end(answer: PubsubAnswer): void {
      ended.resolve(answer)
      abort.abort()
    }
  }

  /**
   * Sends a request with a token. A good token may have been revoked since, so fresh credentials
   * are tried once.
   */
  async function requestWithAccess(request: AxiosRequestConfig, signal: AbortSignal) {
    const answer = await send(request, signal, await credentials.access())
    if (answer.kind !== 'answered' || answer.status !== 401) return answer
    credentials.forget()
    return send(request, signal, await credentials.access())
  }

  async function send(
    request: AxiosRequestConfig,
    signal: AbortSignal,
    access: Access,
  ): Promise<PubsubAnswer> {
    if (access.kind === 'refused') return { kind: 'no_access', code: access.code }
    if (access.kind === 'unavailable') return { kind: 'unanswered', code: access.code }
    if (underWay.size === 1) closeStale()
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': options.userAgent,
      ...access.headers,
    }
    try {
      const { status, data } = await axios.request<unknown>({
        ...request,
        ...TRANSPORT,
        maxContentLength: options.maxAnswerBytes,
        headers,
        signal,
        httpAgent: agent,
        httpsAgent: agent,
      })
      return { kind: 'answered', status, body: data }
    } catch (error) {
      return { kind: 'unanswered', code: (isAxiosError(error) && error.code) || 'UNKNOWN' }
    }
  }

  function closeStale(): void {
    if (clock.monotonic() - lastUsedAt >= MAX_IDLE_MS) agent.destroy()
  }
}

const TRANSPORT: AxiosRequestConfig = {
  proxy: false,
  maxRedirects: 0,
  maxBodyLength: Number.POSITIVE_INFINITY,
  validateStatus: () => true,
}
