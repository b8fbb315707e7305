import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'

/** What is read and thrown away of a connection whose last answer is sent. */
const MAX_UNREAD_BYTES = 64 * 1024
/** How long the client may take to read the last answer and to hang up. */
const LINGER_MS = 2_000

/**
 * Makes the connection of an HTTP/1 server close as RFC 9112 (9.6) asks. Node destroys it right after
 * the last answer. Where bytes are unread then, the kernel resets the connection, and the client may
 * lose the answer. Here, the service closes its own side, reads a little more, and then waits.
 */
export function lingerAtClose(socket: Socket, clock: Clock): void {
  // Node calls this once the answer that says "Connection: close" is written.
  socket.destroySoon = () => {
    const callOff = clock.after(LINGER_MS, () => socket.destroy())
    socket.once('close', callOff)
    throwAway(socket)
    socket.end()
  }
}

/** Takes the bytes from the HTTP parser: no further request is taken. Stops reading past the limit. */
function throwAway(socket: Socket): void {
  let left = MAX_UNREAD_BYTES
  socket.removeAllListeners('data')
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left <= 0) socket.pause()
  })
  socket.resume()
}
