import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Clock } from '../lib/clock.ts'

/** A keep-alive agent that can drop sockets that have been idle for too long. */
export interface FreshSockets {
  readonly agent: HttpAgent
  /** Destroys idle sockets that no request should use any more. Call it before each request. */
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
  const idleSince = new WeakMap<Duplex, number>()

  agent.on('free', (socket: Duplex) => idleSince.set(socket, clock.monotonic()))

  return { agent, closeStale, close: () => agent.destroy() }

  function closeStale(): void {
    const oldest = clock.monotonic() - MAX_IDLE_MS
    for (const sockets of Object.values(agent.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) {
        if ((idleSince.get(socket) ?? oldest) <= oldest) socket.destroy()
      }
    }
  }
}
