import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'

/** The bytes that are read and thrown away after the last answer of a connection. */
const MAX_UNREAD_BYTES = 64 * 1024
/** The time that the client has to read the last answer and to hang up. */
const LINGER_MS = 2_000

/**
 * Makes the connection of an HTTP/1 server close as RFC 9112 (9.6) asks. Node destroys it right
 * after the last answer. If bytes are unread then, the kernel resets the connection, and the client
 * may lose the answer. Instead, the service closes its own side, reads a little more, and then
 * waits.
 */
export function lingerAtClose(socket: Socket, clock: Clock): void {
  // Node calls this when the answer that says "Connection: close" is written.
  socket.destroySoon = () => {
    const cancel = clock.after(LINGER_MS, () => socket.destroy())
    socket.once('close', cancel)
    throwAway(socket)
    socket.end()
  }
}

/**
 * Takes the bytes from the HTTP parser, so that it reads no further request. Stops reading past the
 * limit.
 */
function throwAway(socket: Socket): void {
  let left = MAX_UNREAD_BYTES
  socket.removeAllListeners('data')
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left <= 0) socket.pause()
  })
  socket.resume()
}
