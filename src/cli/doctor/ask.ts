import axios, { type AxiosRequestConfig, isAxiosError } from 'axios'
import type { Clock } from '../../lib/clock.ts'
import { USER_AGENT } from '../../version.ts'

/** The end of one request. */
export type Asked = Readonly<
  | {
      kind: 'answered'
      status: number
      body: string
      /** The server's time in epoch ms, exact to a second; absent when the answer does not say. */
      serverTime?: number
      /** Our time at the middle of the request, in epoch ms. */
      ourTime: number
      tookMs: number
    }
  /** No complete answer came. The code is `TIMED_OUT`, or the one of axios. */
  | { kind: 'unanswered'; code: string }
>

/** Sends one request. Its promise never rejects. */
export type Ask = (request: AxiosRequestConfig, signal: AbortSignal) => Promise<Asked>

/** The most bytes of an answer. */
const MAX_ANSWER_BYTES = 1_048_576

const TRANSPORT: AxiosRequestConfig = {
  proxy: false,
  maxRedirects: 0,
  maxContentLength: MAX_ANSWER_BYTES,
  responseType: 'text',
  validateStatus: () => true,
}

/** Makes an `Ask` by axios. Each request has a connection of its own. */
export function createAsk(clock: Clock): Ask {
  return async function ask(request, signal) {
    const [startedAt, began] = [clock.now(), clock.monotonic()]
    const headers = {
      accept: 'application/json',
      connection: 'close',
      'user-agent': USER_AGENT,
      ...request.headers,
    }
    try {
      const answer = await axios.request<string>({ ...request, ...TRANSPORT, headers, signal })
      const tookMs = clock.monotonic() - began
      const serverTime = timeIn(answer.headers)
      return {
        kind: 'answered',
        status: answer.status,
        body: String(answer.data),
        ...(serverTime !== undefined && { serverTime }),
        ourTime: startedAt + tookMs / 2,
        tookMs,
      }
    } catch (error) {
      if (signal.aborted) return { kind: 'unanswered', code: 'TIMED_OUT' }
      return { kind: 'unanswered', code: (isAxiosError(error) && error.code) || 'UNKNOWN' }
    }
  }
}

/**
 * Returns the time in the headers. A cache in between sends the `Date` of the first answer, and its
 * own `Age` (RFC 9111, section 4.2.3). The header has whole seconds, so its middle is meant.
 */
function timeIn(headers: Readonly<Record<string, unknown>>): number | undefined {
  const date = typeof headers.date === 'string' ? Date.parse(headers.date) : Number.NaN
  if (Number.isNaN(date)) return undefined
  const age = typeof headers.age === 'string' && /^\d+$/.test(headers.age) ? headers.age : 0
  return date + Number(age) * 1_000 + 500
}

/** Makes an `Ask` that sends equal requests once: their answers are the same for all who ask. */
export function createAskOnce(ask: Ask): Ask {
  const answers = new Map<string, Promise<Asked>>()
  return function askOnce(request, signal) {
    const key = JSON.stringify([request.url, request.params, request.auth, request.data])
    const answer = answers.get(key) ?? ask(request, signal)
    answers.set(key, answer)
    return answer
  }
}
