import { createServer } from 'node:http'
import type { Clock } from '../lib/clock.ts'
import { createConnections } from './connections.ts'

export interface MetricsServer {
  readonly port: number
  close(): Promise<void>
}

export interface MetricsServerOptions {
  readonly host: string
  /** The port; 0 chooses any free port. */
  readonly port: number
}

/** The bound on connections. Only a few scrapers ask, each time over a new connection. */
const CONNECTIONS = { max: 16, strangerIdleMs: 30_000 }

/**
 * Serves `GET /metrics` on a port of its own, which must not be public. Rejects when the port is
 * taken.
 */
export async function startMetricsServer(
  { host, port }: MetricsServerOptions,
  deps: {
    readonly clock: Clock
    readonly metrics: { readonly contentType: string; text(): Promise<string> }
  },
): Promise<MetricsServer> {
  const { clock, metrics } = deps
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  createConnections(CONNECTIONS, clock).watch(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
