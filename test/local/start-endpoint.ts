import type { IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { type Answer, sendAnswer } from '../../src/local/answer.ts'
import { startLoopbackServer } from '../../src/local/loopback-server.ts'
import { until } from '../helpers/until.ts'

export interface ReceivedPush {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Whether its connection still stands. */
  isOpen(): boolean
  /** For a push that was not answered at once. */
  answer(answer: Answer): void
}

/**
 * A number is a status; `later` is left to the test; `processing` is an interim 102 alone, and
 * `early_hints` an interim 103 ahead of a 503.
 */
export type EndpointAnswer = Answer | number | 'reset' | 'later' | 'processing' | 'early_hints'

export interface Endpoint {
  readonly url: string
  readonly received: readonly ReceivedPush[]
  connections(): number
  /** Resolves once so many pushes are in, counted from the start. */
  waitFor(pushes: number): Promise<void>
  close(): Promise<void>
}

/** Where a pusher or a subscription pushes to; answers each push by its place, from 0, and its body. */
export async function startEndpoint(
  t: TestContext,
  answerTo: (place: number, body: string) => EndpointAnswer = () => 204,
): Promise<Endpoint> {
  const received: ReceivedPush[] = []
  const server = await startLoopbackServer(
    { name: 'the endpoint', port: 0 },
    async (push, response) => {
      const { method, url: path, headers } = push
      const body = await text(push)
      const answer = answerTo(received.length, body)
      received.push({
        method,
        path,
        headers,
        body,
        isOpen: () => !push.socket.destroyed,
        answer: (late) => sendAnswer(response, late),
      })
      if (answer === 'reset') push.socket.resetAndDestroy()
      else if (answer === 'processing') response.writeProcessing()
      else if (answer === 'early_hints') {
        response.writeEarlyHints({ link: '</style.css>; rel=preload' })
        sendAnswer(response, { status: 503 })
      } else if (answer !== 'later')
        sendAnswer(response, typeof answer === 'number' ? { status: answer } : answer)
    },
  )
  t.after(server.close)
  return {
    url: `${server.url}/push`,
    received,
    connections: server.connections,
    waitFor: (pushes) => until(`push ${pushes}`, () => received.length >= pushes),
    close: server.close,
  }
}
