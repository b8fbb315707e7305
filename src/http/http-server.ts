import { createServer, type RequestListener, type Server } from 'node:http'
import type { Connections } from './connections.ts'

/**
 * A time longer than Google's front ends keep a connection, so that the service never closes it
 * first.
 */
const KEEP_ALIVE_MS = 620_000
/**
 * The time in which a request must arrive. It does not limit how long the request waits for its
 * answer.
 */
const RECEIVE_TIMEOUT_MS = 30_000
/** The interval at which Node looks for late requests; its default is half a minute. */
const RECEIVE_CHECK_MS = 5_000

/** Makes an HTTP/1 server whose connections are bounded. */
export function createHttpServer(
  answer: RequestListener,
  connections: Pick<Connections, 'watch'>,
): Server {
  const options = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: RECEIVE_TIMEOUT_MS,
    // Node swaps the two when the time for the headers is the longer: it is a minute by default.
    headersTimeout: RECEIVE_TIMEOUT_MS,
    connectionsCheckingInterval: RECEIVE_CHECK_MS,
  }
  const server = createServer(options, answer)
  connections.watch(server)
  return server
}
