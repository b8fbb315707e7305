import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

const HOST = '127.0.0.1'

export interface LoopbackServerOptions {
  /** The server's name in the text of an error: `the token issuer`. */
  readonly name: string
  /** 0 takes any free port. */
  readonly port: number
}

export interface LoopbackServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** The number of connections opened since the start, closed ones included. */
  connections(): number
  /** Destroys open sockets, answered or not, and resolves when the port is free. */
  close(): Promise<void>
}

/** May leave a request without an answer: its socket then stays open until `close`. */
export type AnswerRequest = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Listens on 127.0.0.1. Rejects, naming server and port, when the port is taken. */
export async function startLoopbackServer(
  options: LoopbackServerOptions,
  answerRequest: AnswerRequest,
): Promise<LoopbackServer> {
  let connections = 0
  const server = createServer(async (request, response) => {
    try {
      await answerRequest(request, response)
    } catch (error) {
      failRequest(response, error)
    }
  })
  server.on('connection', () => connections++)

  const port = await listen(server, options)
  return {
    url: `http://${HOST}:${port}`,
    port,
    connections: () => connections,
    close: () => close(server),
  }
}

async function listen(server: Server, { name, port }: LoopbackServerOptions): Promise<number> {
  try {
    await once(server.listen(port, HOST), 'listening')
  } catch (cause) {
    throw new Error(`${name} cannot listen on ${HOST}:${port}: is the port taken?`, { cause })
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** Answers 500 after a bug, or after a client closed while it sent its body and reads no answer. */
function failRequest(response: ServerResponse, error: unknown): void {
  response.writeHead(500, { 'content-type': 'text/plain' })
  response.end(`the local world failed: ${error instanceof Error ? error.stack : error}\n`)
}
