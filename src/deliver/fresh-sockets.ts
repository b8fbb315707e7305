import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Clock } from '../lib/clock.ts'

/** A keep-alive agent that can drop sockets that have been idle for too long. */
export interface FreshSockets {
  readonly agent: HttpAgent
  /** The monotonic ms until which no idle socket is stale. */
  readonly freshUntil: number
  /** Destroys the stale sockets. Call it before a request that is sent later than that. */
  closeStale(): void
  /** Destroys all sockets. */
  close(): void
}

/**
 * The longest idle time of a socket. An instance may be frozen between requests, and then has no
 * timer to notice that a peer has hung up.
 */
const MAX_IDLE_MS = 4_000

/** Makes keep-alive sockets to one base URL. None is reused after four idle seconds. */
export function createFreshSockets(
  options: { readonly baseUrl: string; readonly maxSockets: number },
  clock: Clock,
): FreshSockets {
  const secure = options.baseUrl.startsWith('https:')
  const agentOptions = { keepAlive: true, maxSockets: options.maxSockets }
  const agent = secure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions)
  const staleAt = new WeakMap<Duplex, number>()
  const fresh = { agent, freshUntil: Infinity, closeStale, close: () => agent.destroy() }

  agent.on('free', (socket: Duplex) => {
    const at = clock.monotonic() + MAX_IDLE_MS
    staleAt.set(socket, at)
    fresh.freshUntil = Math.min(fresh.freshUntil, at)
  })

  return fresh

  function closeStale(): void {
    const now = clock.monotonic()
    fresh.freshUntil = Infinity
    for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) {
      const at = staleAt.get(socket) ?? now
      if (at <= now) socket.destroy()
      else fresh.freshUntil = Math.min(fresh.freshUntil, at)
    }
  }
}
