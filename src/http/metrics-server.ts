import { createServer } from 'node:http'
import type { Clock } from '../lib/clock.ts'
import { createConnections } from './connections.ts'

export interface MetricsServer {
  readonly port: number
  close(): Promise<void>
}

export interface MetricsServerOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

/** Nobody but a scraper or two asks, each time over a connection of its own. */
const CONNECTIONS = { max: 16, strangerIdleMs: 30_000 }

/** Serves `GET /metrics` on a port of its own, which is not for the public. Rejects when it is taken. */
export async function startMetricsServer(
  { host, port }: MetricsServerOptions,
  parts: {
    readonly clock: Clock
    readonly metrics: { readonly contentType: string; text(): Promise<string> }
  },
): Promise<MetricsServer> {
  const { clock, metrics } = parts
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
