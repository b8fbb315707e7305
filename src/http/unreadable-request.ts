import type { Socket } from 'node:net'
import { REQUEST_TIMEOUT } from './problems.ts'

interface UnreadableProblem {
  readonly status: 400 | 408 | 431
  /** The reason phrase, too. */
  readonly title: string
  readonly code: string
  readonly detail: string
}

const TOO_LATE: UnreadableProblem = { ...REQUEST_TIMEOUT, status: 408 }

const HEADERS_TOO_LARGE: UnreadableProblem = {
  status: 431,
  title: 'Request Header Fields Too Large',
  code: 'HEADERS_TOO_LARGE',
  detail: 'The headers of a request hold 16 KiB at most',
}

const NOT_HTTP: UnreadableProblem = {
  status: 400,
  title: 'Bad Request',
  code: 'NOT_HTTP',
  detail: 'The request is not valid HTTP/1.1; TLS ends before this port',
}

/**
 * Answers a request that the HTTP parser cannot read, and closes the connection so that the client
 * can read the answer. Node calls this again at each further error of the connection.
 */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (!socket.writable) return
  socket.write(textOf(problemOf(error)))
  socket.destroySoon()
}

function problemOf({ code }: NodeJS.ErrnoException): UnreadableProblem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return TOO_LATE
  return code === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : NOT_HTTP
}

function textOf({ status, title, code, detail }: UnreadableProblem): string {
  const type = `urn:pubsub-mixpanel:problem:${code.toLowerCase().replaceAll('_', '-')}`
  const body = JSON.stringify({ type, title, status, detail, code })
  const headers = [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  return `${headers.join('\r\n')}\r\n\r\n${body}`
}
