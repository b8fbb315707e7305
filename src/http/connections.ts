import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse, Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import { createHttp2Streams } from './http2-streams.ts'
import { LINGER_MS, lingerAtClose } from './lingering-close.ts'

export interface ConnectionLimits {
  /** The most connections at once. A new connection beyond it replaces another one. */
  readonly max: number
  /** The time that a connection without a good token may be idle; `KEEP_ALIVE_MS` when absent. */
  readonly strangerIdleMs?: number
  /** The resets of streams that a client of HTTP/2 may send in a second; 33 when absent. */
  readonly resetsPerSecond?: number
}

/** A request of either protocol. */
export type EitherRequest = IncomingMessage | Http2ServerRequest
/** The answer to a request of either protocol. */
export type EitherResponse = ServerResponse | Http2ServerResponse

/**
 * The connections of a server. A connection is a stranger's until a request on it has shown a good
 * token. A connection that speaks HTTP/2 is a session, with a stream for each request.
 */
export interface Connections {
  /** Bounds the connections of the server. It is called once, before the server listens. */
  watch(server: Server): void
  /** Called when a connection turns out to be a session. */
  addSession(socket: Socket, session: Http2Session): void
  /** Called when a request has shown a good token. Its answer then keeps the connection. */
  noteGoodToken(request: EitherRequest, response: EitherResponse): void
  /** Whether pushes take all places except those that are kept for probes. */
  isFull(): boolean
  /** Tells the clients of all sessions to open no more streams. The open streams go on. */
  sendAway(): void
  /** Ends all sessions, and every connection that has not shown its protocol. */
  endAll(): void
}

interface Connection {
  readonly socket: Socket
  session: Http2Session | undefined
  group: Set<Connection>
  hasGoodToken: boolean
  /** The number of requests without a complete answer. */
  underWay: number
  /** Monotonic ms. */
  idleSince: number
}

/**
 * A time longer than Google's front ends keep a connection, so that the service never closes it
 * first.
 */
export const KEEP_ALIVE_MS = 620_000
/** The interval of the look at what is late or idle. */
const SWEEP_MS = 2_000
/** The places that pushes never take, so that a probe always finds one. */
const PLACES_FOR_PROBES = 8

/**
 * Bounds the connections of a server. Each answer closes its connection until a request on it has
 * shown a good token; over HTTP/2, it closes its stream. At the bound, the connection that has been
 * idle longest is closed, a stranger's first.
 */
export function createConnections(limits: ConnectionLimits, clock: Clock): Connections {
  const { max, strangerIdleMs = KEEP_ALIVE_MS } = limits
  const connections = new Map<Socket, Connection>()
  const sessions = new Map<Http2Session, Connection>()
  const streams = createHttp2Streams(max, clock)
  const groups = {
    idleStrangers: new Set<Connection>(),
    busyStrangers: new Set<Connection>(),
    idleFriends: new Set<Connection>(),
    busyFriends: new Set<Connection>(),
  }
  /** The requests under way on connections that have shown a good token. */
  let friendsUnderWay = 0
  /** The answers to requests that ask to close the connection. Hardly any does. */
  const mustClose = new WeakSet<ServerResponse>()
  let cancelSweep: (() => void) | undefined
  let cancelEnd: (() => void) | undefined
  let isEnding = false

  return { watch, addSession, noteGoodToken, isFull, sendAway, endAll }

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
    return friendsUnderWay > Math.max(1, max - PLACES_FOR_PROBES)
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
      session: undefined,
      group: groups.idleStrangers,
      hasGoodToken: false,
      underWay: 0,
      idleSince: clock.monotonic(),
    }
    connections.set(socket, connection)
    regroup(connection)
    sweepLater()
    socket.once('close', () => forget(connection))
  }

  function addSession(socket: Socket, session: Http2Session): void {
    const connection = connections.get(socket)
    if (!connection) return
    connection.session = session
    sessions.set(session, connection)
  }

  function makeRoom(): void {
    const { idleStrangers, busyStrangers, idleFriends } = groups
    const groupsInTurn = [idleStrangers, busyStrangers, idleFriends]
    const [oldest] = groupsInTurn.find((group) => group.size > 0) ?? []
    if (oldest) end(oldest)
  }

  function begin(request: EitherRequest, response: EitherResponse): void {
    if ('stream' in response) streams.begin(response.req, response)
    else {
      if (!response.shouldKeepAlive) mustClose.add(response)
      response.shouldKeepAlive = false
    }
    const connection = 'stream' in request ? sessionOf(request) : connections.get(request.socket)
    if (!connection) return
    connection.underWay += 1
    if (connection.hasGoodToken) friendsUnderWay += 1
    regroup(connection)
    response.on('close', () => answered(connection))
  }

  function answered(connection: Connection): void {
    connection.underWay -= 1
    if (connection.hasGoodToken) friendsUnderWay -= 1
    if (connection.underWay === 0) connection.idleSince = clock.monotonic()
    if (!connections.has(connection.socket)) return
    if (isEnding && connection.underWay === 0) end(connection)
    else regroup(connection)
  }

  function noteGoodToken(request: EitherRequest, response: EitherResponse): void {
    if ('stream' in response) streams.noteGoodToken(response.req)
    else if (!mustClose.has(response)) response.shouldKeepAlive = true
    const connection = 'stream' in request ? sessionOf(request) : connections.get(request.socket)
    if (!connection || connection.hasGoodToken) return
    connection.hasGoodToken = true
    friendsUnderWay += connection.underWay
    regroup(connection)
  }

  /** Returns nothing for a stream that has closed. */
  function sessionOf({ stream }: Http2ServerRequest): Connection | undefined {
    return stream.session && sessions.get(stream.session)
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
  }

  function forget(connection: Connection): void {
    connections.delete(connection.socket)
    connection.group.delete(connection)
    if (connection.session) sessions.delete(connection.session)
    if (connections.size > 0) return
    cancelSweep?.()
    cancelSweep = undefined
  }

  /** Forgets all connections, because a server closes before its connections report their end. */
  function forgetAll(): void {
    cancelEnd?.()
    for (const connection of connections.values()) forget(connection)
  }

  function end(connection: Connection): void {
    forget(connection)
    // This tells the client which streams were never begun.
    connection.session?.destroy()
    connection.socket.destroy()
  }

  function sendAway(): void {
    for (const session of sessions.keys()) session.close()
  }

  function endAll(): void {
    isEnding = true
    streams.endUnfinished()
    for (const connection of connections.values()) if (connection.underWay === 0) end(connection)
    // A client that takes no bytes must not delay the close.
    cancelEnd = clock.after(LINGER_MS, () => {
      for (const connection of connections.values()) end(connection)
    })
  }

  function sweepLater(): void {
    cancelSweep ??= clock.after(SWEEP_MS, sweep)
  }

  /** Ends what is late or idle, every two seconds while there are connections. */
  function sweep(): void {
    cancelSweep = undefined
    streams.endLate()
    endIdle(groups.idleStrangers, strangerIdleMs)
    endIdle(groups.idleFriends, KEEP_ALIVE_MS)
    if (connections.size > 0) sweepLater()
  }

  function endIdle(group: Set<Connection>, maxMs: number): void {
    const now = clock.monotonic()
    for (const connection of group) {
      if (now - connection.idleSince < maxMs) return
      end(connection)
    }
  }
}
