import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import { throwAway } from './unread-body.ts'

/** The bytes that are read and thrown away after the last answer of a connection, or of a stream. */
export const MAX_UNREAD_BYTES = 64 * 1024
/** The time that the client has to read the last answer and to hang up. */
export const LINGER_MS = 2_000

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
    // The HTTP parser reads no further request.
    socket.removeAllListeners('data')
    throwAway(socket, MAX_UNREAD_BYTES, () => socket.pause())
    socket.end()
  }
}
