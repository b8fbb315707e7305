import { maxHeaderSize, type Server } from 'node:http'
import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerOptions,
} from 'node:http2'

/** The limits of one HTTP/2 session. */
const SESSION_LIMITS: ServerOptions = {
  settings: {
    /** The pushes that one session may have under way. The client opens another session for more. */
    maxConcurrentStreams: 250,
    /** The bytes of a body that wait to be read. 250 streams of a session hold 16 MiB at most. */
    initialWindowSize: 64 * 1024 - 1,
    /** Larger headers end their stream. An HTTP/1 request with larger headers is answered with 431. */
    maxHeaderListSize: maxHeaderSize,
  },
}

/** The resets of streams that a client may send at once, at least. */
const RESET_BURST = 1_000
/** The resets that a client may send in a second after that, as nghttp2 has it. */
const RESETS_PER_SECOND = 33

/**
 * Makes a server of HTTP/2 without TLS. It opens no port: the HTTP/1 server hands it connections by
 * their event, and answers its requests by the listeners of its own.
 */
export function createHttp2Server(http1: Server, resetsPerSecond = RESETS_PER_SECOND): Http2Server {
  const server = createServer({
    ...SESSION_LIMITS,
    // nghttp2 saves up no more resets than its burst, whatever the rate.
    streamResetBurst: Math.max(RESET_BURST, resetsPerSecond),
    streamResetRate: resetsPerSecond,
  })
  for (const event of ['request', 'checkContinue', 'checkExpectation']) {
    server.on(event, (request: Http2ServerRequest, response: Http2ServerResponse) => {
      // A client that reset its stream at once waits for no answer.
      if (!request.stream.destroyed) http1.emit(event, request, response)
    })
  }
  return server
}
