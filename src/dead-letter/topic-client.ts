import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import axios, { type AxiosRequestConfig, isAxiosError } from 'axios'
import type { Clock } from '../lib/clock.ts'
import type { Access, GoogleCredentials } from './google-credentials.ts'

/** The answer to one request about the topic. */
export type TopicAnswer = Readonly<
  | { kind: 'answered'; status: number; body: unknown }
  /** No complete answer came: the request may have been carried out, or not. */
  | { kind: 'unanswered'; code: string }
  /** The request was not sent, because there are no credentials that Google accepts. */
  | { kind: 'no_access'; code: string }
>

export interface TopicClient {
  /** Sends `POST …:publish` with this JSON. Like the others, it never rejects. */
  publish(json: string): Promise<TopicAnswer>
  /** Asks which of the named permissions the credentials have on the topic. */
  testPermissions(permissions: readonly string[]): Promise<TopicAnswer>
  /** Asks for the topic itself, which takes more rights than publishing. */
  describe(): Promise<TopicAnswer>
  close(): void
}

export interface TopicClientOptions {
  /** The base URL, without a slash at its end. */
  readonly baseUrl: string
  /** The name `projects/P/topics/T`. */
  readonly topic: string
  readonly userAgent: string
}

/** The time from asking for credentials to the last byte of the answer. */
const TIMEOUT_MS = 10_000
/** The most bytes of an answer. A thousand message ids have 25 KB. */
const MAX_ANSWER_BYTES = 262_144
/**
 * The longest idle time of a socket. An instance may be frozen between requests, and then has no
 * timer to notice that a peer has hung up.
 */
const MAX_IDLE_MS = 4_000

const TIMED_OUT = { kind: 'unanswered', code: 'TIMED_OUT' } as const

/**
 * Makes a client for Pub/Sub's REST API of one topic: cloud.google.com/pubsub/docs/reference/rest.
 */
export function createTopicClient(
  options: TopicClientOptions,
  deps: { readonly clock: Clock; readonly credentials: GoogleCredentials },
): TopicClient {
  const { clock, credentials } = deps
  const path = options.topic.split('/').map(encodeURIComponent).join('/')
  const url = `${options.baseUrl}/v1/${path}`
  const agent = options.baseUrl.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true })
    : new HttpAgent({ keepAlive: true })
  let lastUsedAt = clock.monotonic()
  let underWay = 0

  return {
    publish: (json) => ask({ method: 'POST', url: `${url}:publish`, data: json }),
    testPermissions: (permissions) => {
      const data = JSON.stringify({ permissions })
      return ask({ method: 'POST', url: `${url}:testIamPermissions`, data })
    },
    describe: () => ask({ method: 'GET', url }),
    close: () => agent.destroy(),
  }

  async function ask(request: AxiosRequestConfig): Promise<TopicAnswer> {
    const timeUp = new AbortController()
    const late = Promise.withResolvers<TopicAnswer>()
    const cancel = clock.after(TIMEOUT_MS, () => {
      timeUp.abort()
      // The credentials may be the cause, and the next request must not wait for them, too.
      credentials.forget()
      late.resolve(TIMED_OUT)
    })
    underWay += 1
    try {
      // A library that asks for a token knows nothing of our time limit.
      return await Promise.race([late.promise, requestWithAccess(request, timeUp.signal)])
    } finally {
      cancel()
      underWay -= 1
      lastUsedAt = clock.monotonic()
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
  ): Promise<TopicAnswer> {
    if (access.kind === 'refused') return { kind: 'no_access', code: access.code }
    if (access.kind === 'unavailable') return { kind: 'unanswered', code: access.code }
    if (underWay === 1) closeStale()
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
        headers,
        signal,
        httpAgent: agent,
        httpsAgent: agent,
      })
      return { kind: 'answered', status, body: data }
    } catch (error) {
      if (signal.aborted) return TIMED_OUT
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
  maxContentLength: MAX_ANSWER_BYTES,
  validateStatus: () => true,
}
