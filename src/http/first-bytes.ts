import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'

/** The first bytes of a client that speaks HTTP/2 from the start (RFC 9113, 3.4). */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
/** The time in which the first bytes must arrive; a whole request has as long. */
const FIRST_BYTES_MS = 30_000

export type Protocol = 'http1' | 'http2'

/**
 * Reads the first bytes of a connection until they tell its protocol, and puts them back. `told` is
 * called once, or never: a connection that is silent for too long, or that ends first, is destroyed.
 */
export function tellProtocol(
  socket: Socket,
  clock: Pick<Clock, 'after'>,
  told: (protocol: Protocol) => void,
): void {
  let seen: Buffer = Buffer.alloc(0)
  const cancel = clock.after(FIRST_BYTES_MS, giveUp)
  socket.on('readable', look).on('end', giveUp).on('error', giveUp).on('close', cancel)

  function look(): void {
    const bytes: Buffer | null = socket.read()
    if (bytes === null) return
    seen = Buffer.concat([seen, bytes])
    const protocol = protocolOf(seen)
    if (!protocol) return
    cancel()
    socket.off('readable', look).off('end', giveUp).off('error', giveUp).off('close', cancel)
    socket.unshift(seen)
    told(protocol)
  }

  function giveUp(): void {
    socket.destroy()
  }
}

/** Returns `undefined` while the bytes are the beginning of what an HTTP/2 client sends first. */
function protocolOf(bytes: Buffer): Protocol | undefined {
  const start = bytes.subarray(0, HTTP2_PREFACE.length)
  if (!start.equals(HTTP2_PREFACE.subarray(0, start.length))) return 'http1'
  return start.length === HTTP2_PREFACE.length ? 'http2' : undefined
}
