import type { FastifyRequest } from 'fastify'

/**
 * The longest path that is shown, longer than any path that an owner means. The rest is cut off.
 */
const MAX_PATH_CHARACTERS = 100

/** Whether a request has a bearer token. The token has not been verified. */
export function bearsToken({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return /^bearer /i.test(headers.authorization ?? '')
}

/**
 * Returns the method and the path of a request for a log line: without its query, printable, and
 * short.
 */
export function safePathOf({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): string {
  const [path = ''] = url.split(/[?#;]/)
  const start = path.slice(0, MAX_PATH_CHARACTERS).toWellFormed()
  const printable = start.replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent)
  return `${method} ${printable}${path.length > MAX_PATH_CHARACTERS ? '…' : ''}`
}
