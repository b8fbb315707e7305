import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

/** Answers one request after its body has arrived. */
export type Turn = (response: ServerResponse, request: IncomingMessage) => void

export interface ReceivedRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** Numbered from 1, in the order they were opened. */
  readonly connection: number
  /** Resolves when the exchange is over, answered or not. */
  readonly closed: Promise<unknown>
}

export interface ScriptedServer {
  /** Without a slash at the end. */
  readonly url: string
  readonly requests: readonly ReceivedRequest[]
  connections(): number
  /** Resolves when so many requests have come since the start. */
  received(count: number): Promise<void>
}

/** Answers `status` with a body, which is empty by default. */
export function answering(status: number, body = '', headers: Record<string, string> = {}): Turn {
  return (response) => response.writeHead(status, headers).end(body)
}

/** Destroys the connection instead of answering. */
export const resetting: Turn = (response) => response.socket?.resetAndDestroy()

/** Never answers. */
export const hanging: Turn = () => {}

/** A server on loopback that takes one turn after the other, and the last one again and again. */
export async function startScriptedServer(
  t: TestContext,
  turns: readonly Turn[],
): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = []
  const sockets: Socket[] = []
  const waiters: { count: number; resolve: () => void }[] = []
  const server = createServer(async (request, response) => {
    // A client that hangs up while it sends is no affair of ours.
    const body = await buffer(request).catch(() => undefined)
    if (!body) return
    const { method = '', url = '', headers } = request
    const connection = sockets.indexOf(request.socket) + 1
    requests.push({ method, url, headers, body, connection, closed: once(response, 'close') })
    for (const { count, resolve } of waiters) if (requests.length >= count) resolve()
    turns[Math.min(requests.length, turns.length) - 1]?.(response, request)
  })
  server.on('connection', (socket) => sockets.push(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => sockets.length,
    received(count) {
      if (requests.length >= count) return Promise.resolve()
      return new Promise((resolve) => waiters.push({ count, resolve }))
    },
  }
}
