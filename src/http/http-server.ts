import { createServer, type RequestListener, type Server } from 'node:http'
import type { Connections } from './connections.ts'

/** Longer than Google's front ends keep a connection, so that it is never we who hang up first. */
const KEEP_ALIVE_MS = 620_000
/** Limits how long a request may take to arrive, not how long it waits for its answer. */
const RECEIVE_TIMEOUT_MS = 30_000
/** Node looks for late requests twice a minute unless told otherwise. */
const RECEIVE_CHECK_MS = 5_000

/** An HTTP/1 server whose connections are bounded. */
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
