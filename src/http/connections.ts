import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import { lingerAtClose } from './lingering-close.ts'

export interface ConnectionLimits {
  /** The most connections at once. A new connection beyond it replaces another one. */
  readonly max: number
  /** The time that a connection without a good token may be idle; unlimited when absent. */
  readonly strangerIdleMs?: number
}

/**
 * The connections of a server. A connection is a stranger's until a request on it has shown a good
 * token.
 */
export interface Connections {
  /** Bounds the connections of the server. It is called once, before the server listens. */
  watch(server: Server): void
  /** Called when a request has shown a good token. Its answer then keeps the connection. */
  noteGoodToken(request: IncomingMessage, response: ServerResponse): void
  /** Whether pushes take all places except those that are kept for probes. */
  isFull(): boolean
}

interface Connection {
  readonly socket: Socket
  group: Set<Connection>
  hasGoodToken: boolean
  /** The number of requests without a complete answer. */
  underWay: number
  /** Monotonic ms. */
  idleSince: number
}

/** The places that pushes never take, so that a probe always finds one. */
const PLACES_FOR_PROBES = 8

/**
 * Bounds the connections of a server. Each answer closes its connection until a request on it has
 * shown a good token. At the bound, the connection that has been idle longest is closed, a
 * stranger's first.
 */
export function createConnections(limits: ConnectionLimits, clock: Clock): Connections {
  const { max, strangerIdleMs = Number.POSITIVE_INFINITY } = limits
  const connections = new Map<Socket, Connection>()
  const groups = {
    idleStrangers: new Set<Connection>(),
    busyStrangers: new Set<Connection>(),
    idleFriends: new Set<Connection>(),
    busyFriends: new Set<Connection>(),
  }
  /** The answers to requests that ask to close the connection. Hardly any does. */
  const mustClose = new WeakSet<ServerResponse>()
  let cancelSweep: (() => void) | undefined

  return { watch, noteGoodToken, isFull }

  function watch(server: Server): void {
    server.on('connection', admit)
    server.on('close', forgetAll)
    // It must run before the listener that answers.
    server.prependListener('request', begin)
    // Node would say "100 Continue", or answer 417 and read the body, before the token is checked.
    for (const event of ['checkContinue', 'checkExpectation']) {
      server.on(event, (request, response) => server.emit('request', request, response))
    }
  }

  function isFull(): boolean {
    return groups.busyFriends.size > Math.max(1, max - PLACES_FOR_PROBES)
  }

  function admit(socket: Socket): void {
    if (connections.size >= max) makeRoom()
    if (connections.size >= max) {
      socket.destroy()
      return
    }
    lingerAtClose(socket, clock)
    const connection: Connection = {
      socket,
      group: groups.idleStrangers,
      hasGoodToken: false,
      underWay: 0,
      idleSince: clock.monotonic(),
    }
    connections.set(socket, connection)
    regroup(connection)
    socket.once('close', () => forget(connection))
  }

  function makeRoom(): void {
    const { idleStrangers, busyStrangers, idleFriends } = groups
    const groupsInTurn = [idleStrangers, busyStrangers, idleFriends]
    const [oldest] = groupsInTurn.find((group) => group.size > 0) ?? []
    if (oldest) end(oldest)
  }

  function begin(request: IncomingMessage, response: ServerResponse): void {
    if (!response.shouldKeepAlive) mustClose.add(response)
    response.shouldKeepAlive = false
    const connection = connections.get(request.socket)
    if (!connection) return
    connection.underWay += 1
    regroup(connection)
    response.on('close', () => answered(connection))
  }

  function answered(connection: Connection): void {
    connection.underWay -= 1
    if (connection.underWay === 0) connection.idleSince = clock.monotonic()
    if (connections.has(connection.socket)) regroup(connection)
  }

  function noteGoodToken(request: IncomingMessage, response: ServerResponse): void {
    if (!mustClose.has(response)) response.shouldKeepAlive = true
    const connection = connections.get(request.socket)
    if (!connection || connection.hasGoodToken) return
    connection.hasGoodToken = true
    regroup(connection)
  }

  /**
   * Puts a connection at the end of its group. The first of an idle group has then been idle
   * longest.
   */
  function regroup(connection: Connection): void {
    const { hasGoodToken, underWay } = connection
    connection.group.delete(connection)
    if (hasGoodToken) connection.group = underWay > 0 ? groups.busyFriends : groups.idleFriends
    else connection.group = underWay > 0 ? groups.busyStrangers : groups.idleStrangers
    connection.group.add(connection)
    if (groups.idleStrangers.size > 0) sweepLater(strangerIdleMs)
  }

  function forget(connection: Connection): void {
    connections.delete(connection.socket)
    connection.group.delete(connection)
    if (connections.size > 0) return
    cancelSweep?.()
    cancelSweep = undefined
  }

  /** Forgets all connections, because a server closes before its connections report their end. */
  function forgetAll(): void {
    for (const connection of connections.values()) forget(connection)
  }

  function end(connection: Connection): void {
    forget(connection)
    connection.socket.destroy()
  }

  function sweepLater(ms: number): void {
    if (cancelSweep || ms === Number.POSITIVE_INFINITY) return
    cancelSweep = clock.after(ms, sweep)
  }

  function sweep(): void {
    cancelSweep = undefined
    const now = clock.monotonic()
    for (const connection of groups.idleStrangers) {
      if (now - connection.idleSince >= strangerIdleMs) end(connection)
      else break
    }
    const [next] = groups.idleStrangers
    if (next) sweepLater(next.idleSince + strangerIdleMs - now)
  }
}
