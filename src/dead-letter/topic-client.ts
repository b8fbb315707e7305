import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import axios, { type AxiosRequestConfig, isAxiosError } from 'axios'
import type { Clock } from '../lib/clock.ts'
import type { Access, Credentials } from './google-credentials.ts'

/** What came back for one request about the topic. */
export type TopicAnswer = Readonly<
  | { kind: 'answered'; status: number; body: unknown }
  /** No answer, or a torn one: what was sent may have been done, or not. */
  | { kind: 'unanswered'; code: string }
  /** Not sent, for want of credentials that Google takes. */
  | { kind: 'no_access'; code: string }
>

export interface TopicClient {
  /** `POST …:publish`, with this JSON. Like the others, never rejects. */
  publish(json: string): Promise<TopicAnswer>
  /** Which of the permissions named the credentials have on the topic. */
  testPermissions(permissions: readonly string[]): Promise<TopicAnswer>
  /** The topic itself: asks for more rights than publishing does. */
  describe(): Promise<TopicAnswer>
  close(): void
}

export interface TopicClientOptions {
  /** Without a slash at its end. */
  readonly baseUrl: string
  /** `projects/P/topics/T`. */
  readonly topic: string
  readonly userAgent: string
}

/** From the first thought of credentials to the last byte of the answer. */
const TIMEOUT_MS = 10_000
/** A thousand message ids have 25 KB. */
const MAX_ANSWER_BYTES = 262_144
/** An instance may be frozen between requests, with no timer to notice that a peer has hung up. */
const MAX_IDLE_MS = 4_000

const TIMED_OUT = { kind: 'unanswered', code: 'TIMED_OUT' } as const

/** Pub/Sub's REST API, as far as one topic goes: cloud.google.com/pubsub/docs/reference/rest. */
export function createTopicClient(
  options: TopicClientOptions,
  parts: { readonly clock: Clock; readonly credentials: Credentials },
): TopicClient {
  const { clock, credentials } = parts
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
    const callOff = clock.after(TIMEOUT_MS, () => {
      timeUp.abort()
      // They may be what never came, and whoever asks after us must not wait for them too.
      credentials.forget()
      late.resolve(TIMED_OUT)
    })
    underWay += 1
    try {
      // A library that asks for a token knows nothing of our time limit.
      return await Promise.race([late.promise, askWithAccess(request, timeUp.signal)])
    } finally {
      callOff()
      underWay -= 1
      lastUsedAt = clock.monotonic()
    }
  }

  /** A token that was good may have been taken back: fresh ones are tried, once. */
  async function askWithAccess(request: AxiosRequestConfig, signal: AbortSignal) {
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
