import { once } from 'node:events'
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { type ClientHttp2Stream, connect } from 'node:http2'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { settled } from './until.ts'

export const PROTOCOLS = ['HTTP/1', 'HTTP/2'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** A push whose headers have been sent, over a connection of its own. */
export interface BegunPush {
  write(chunk: string | Buffer): void
  end(chunk?: string | Buffer): void
  /** Takes the push back, and nothing else where the connection has more than one. */
  destroy(): void
  /** Ends the connection: by a reset, or in order. */
  hangUp(how: 'destroy' | 'end'): void
  /** Resolves with the status of the answer, and the code of a problem. */
  answer(): Promise<string>
}

/** Begins a push by its headers. */
export function beginPush(
  protocol: Protocol,
  url: string,
  headers: OutgoingHttpHeaders,
): BegunPush {
  return protocol === 'HTTP/2' ? beginHttp2(url, headers) : beginHttp1(url, headers)
}

function beginHttp1(url: string, headers: OutgoingHttpHeaders): BegunPush {
  const push = request(`${url}/push`, { method: 'POST', agent: false, headers })
  push.on('error', () => {}).flushHeaders()
  return {
    write: (chunk) => push.write(chunk),
    end: (chunk) => push.end(chunk),
    destroy: () => push.destroy(),
    hangUp: (how) => push.socket?.[how](),
    answer,
  }

  async function answer(): Promise<string> {
    const [answer]: IncomingMessage[] = await settled('an answer', once(push, 'response'))
    return statusAndCode(answer?.statusCode, answer ? await text(answer) : '')
  }
}

function beginHttp2(url: string, headers: OutgoingHttpHeaders): BegunPush {
  // HTTP/2 has no such header: a body without a length is in pieces anyway.
  const { 'transfer-encoding': _, ...others } = headers
  let socket: Socket | undefined
  // A client of Node resets a stream when more than this waits to be sent.
  const session = connect(url, { maxSessionMemory: 100 })
  session.once('connect', (_session, connected) => {
    socket = connected as Socket
  })
  session.on('error', () => {})
  const push = session.request({ ':method': 'POST', ':path': '/push', ...others })
  push.on('error', () => {}).on('close', () => session.close())
  return {
    write: (chunk) => push.write(chunk),
    end: (chunk) => push.end(chunk),
    destroy: () => push.destroy(),
    hangUp: (how) => (how === 'end' ? socket?.end() : session.destroy()),
    answer: () => answerOf(push),
  }
}

/** The status of the answer on a stream, and the code of a problem. */
export async function answerOf(stream: ClientHttp2Stream): Promise<string> {
  const [headers] = await settled('an answer', once(stream, 'response'))
  return statusAndCode(headers[':status'], await text(stream))
}

function statusAndCode(status: number | undefined, body: string): string {
  return body === '' ? `${status}` : `${status} ${JSON.parse(body).code}`
}
