import { createServer, type RequestListener } from 'node:http'
import type { TestContext } from 'node:test'
import type { JWK } from 'jose'

export interface KeyServer {
  readonly url: string
  /** How often it has been asked. */
  asked(): number
  publish(...keys: readonly JWK[]): void
  answer(respond: RequestListener): void
}

/** A key server on loopback, which publishes no keys until it is told which. */
export async function startKeyServer(t: TestContext): Promise<KeyServer> {
  let asked = 0
  let respond: RequestListener = (_request, response) => response.end('{"keys":[]}')
  const server = createServer((request, response) => {
    asked += 1
    respond(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined

  return {
    url: `http://127.0.0.1:${port}/certs`,
    asked: () => asked,
    publish(...keys) {
      respond = (_request, response) => {
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
      }
    },
    answer(listener) {
      respond = listener
    },
  }
}
