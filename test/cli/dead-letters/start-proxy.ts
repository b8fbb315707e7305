import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { type Answer, sendAnswer } from '../../../src/local/answer.ts'
import { startLoopbackServer } from '../../../src/local/loopback-server.ts'

/** The treatment of a request: `pass` it on, or lose the answer (`lost`) after it was passed on. */
export type Treatment = Answer | 'pass' | 'lost'

/** A way to Pub/Sub on which requests fail. */
export interface Proxy {
  /** The value for `PUBSUB_EMULATOR_HOST`. */
  readonly host: string
  /** The methods that Pub/Sub has answered so far: `get`, `pull`, `acknowledge` or `modifyAckDeadline`. */
  readonly passed: readonly string[]
}

/** Starts a proxy before the Pub/Sub at `target()`. It ends with the test. */
export async function startProxy(
  t: TestContext,
  target: () => string,
  treat: (method: string, body: string) => Treatment,
): Promise<Proxy> {
  const passed: string[] = []
  const server = await startLoopbackServer(
    { name: 'a proxy', port: 0 },
    async (request, response) => {
      const body = await buffer(request)
      const path = request.url ?? '/'
      const [, method = 'get'] = /:(\w+)$/.exec(path) ?? []
      const treatment = treat(method, body.toString())
      if (typeof treatment === 'object') return sendAnswer(response, treatment)
      const isRead = request.method === 'GET'
      const init = { method: request.method ?? 'GET', ...(!isRead && { body }) }
      const answer = await fetch(`http://${target()}${path}`, init)
      const text = await answer.text()
      passed.push(method)
      if (treatment === 'lost') request.socket.resetAndDestroy()
      else {
        const headers = { 'content-type': 'application/json' }
        sendAnswer(response, { status: answer.status, body: text, headers })
      }
    },
  )
  t.after(() => server.close())
  return { host: new URL(server.url).host, passed }
}
