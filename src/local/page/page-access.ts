import type { IncomingMessage } from 'node:http'
import type { Answer } from '../answer.ts'

/** The headers of every answer. The page may load and ask nothing but its own server. */
export const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

type Asked = Pick<IncomingMessage, 'method' | 'headers'>

/**
 * Returns the answer to a request that may come from another web site: it names another host, or it
 * changes something and is not from the page. A browser sends `Origin` with each POST (RFC 6454).
 */
export function refusalOf({ method, headers }: Asked, port: number): Answer | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  if (!hosts.includes((headers.host ?? '').toLowerCase())) return refused('host')
  const { origin } = headers
  if (method === 'GET' && origin === undefined) return undefined
  return origin === `http://${headers.host}`.toLowerCase() ? undefined : refused('origin')
}

function refused(what: 'host' | 'origin'): Answer {
  const text = {
    host: 'The page is answered only on 127.0.0.1 and localhost.',
    origin:
      'Only the page itself may ask for this. From a shell, name its origin in the header Origin.',
  }[what]
  return { status: 403, body: { error: text } }
}
