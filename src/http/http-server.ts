import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import { type Connections, KEEP_ALIVE_MS } from './connections.ts'
import { tellProtocol } from './first-bytes.ts'
import { createHttp2Server } from './http2-server.ts'

/**
 * The time in which a request must arrive. It does not limit how long the request waits for its
 * answer.
 */
const RECEIVE_TIMEOUT_MS = 30_000
/** The interval at which Node looks for late requests; its default is half a minute. */
const RECEIVE_CHECK_MS = 5_000

/** A server of HTTP/1 that serves HTTP/2 on the same port. */
export interface EitherServer extends Server {
  /** Ends what `closeAllConnections` does not know. Fastify calls it when the app closes. */
  closeHttp2Sessions(): void
}

export interface HttpServerDeps {
  readonly clock: Pick<Clock, 'after'>
  readonly connections: Pick<Connections, 'watch' | 'addSession' | 'endAll'>
  /** The resets of streams that a session of HTTP/2 may send a second. */
  readonly resetsPerSecond: number | undefined
}

/** Makes a server whose connections are bounded. The first bytes of each tell its protocol. */
export function createHttpServer(answer: RequestListener, deps: HttpServerDeps): EitherServer {
  const { clock, connections } = deps
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: RECEIVE_TIMEOUT_MS,
      // Node swaps the two when the time for the headers is the longer: it is a minute by default.
      headersTimeout: RECEIVE_TIMEOUT_MS,
      connectionsCheckingInterval: RECEIVE_CHECK_MS,
    },
    answer,
  )
  const http2 = createHttp2Server(server, deps.resetsPerSecond)
  // Node's own listener takes a connection for HTTP/1. It has to wait for the first bytes.
  const serveHttp1 = server.listeners('connection')
  server.removeAllListeners('connection')
  connections.watch(server)
  server.on('connection', serve)
  return Object.assign(server, { closeHttp2Sessions: connections.endAll })

  function serve(socket: Socket): void {
    if (socket.destroyed) return
    tellProtocol(socket, clock, (protocol) => {
      if (protocol === 'http2') serveHttp2(socket)
      else for (const listener of serveHttp1) listener.call(server, socket)
    })
  }

  function serveHttp2(socket: Socket): void {
    // A client that ends its side ends the session.
    socket.allowHalfOpen = false
    http2.once('session', (session) => connections.addSession(socket, session))
    http2.emit('connection', socket)
  }
}
