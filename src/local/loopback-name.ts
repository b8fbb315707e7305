import type { IncomingMessage } from 'node:http'
import type { Answer } from './answer.ts'

/** The names of this machine for itself, with any port. A name of another site may lead here, too. */
const LOOPBACK_NAME = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i

const REFUSED: Answer = {
  status: 403,
  body: 'This is answered only on 127.0.0.1 and localhost.\n',
}

/**
 * Returns the answer to a request that names another host than this machine: the page of a web site
 * may send it, under a name of its own. Returns `undefined` for any other request.
 */
export function refusalOfName({ headers }: Pick<IncomingMessage, 'headers'>): Answer | undefined {
  return LOOPBACK_NAME.test(headers.host ?? '') ? undefined : REFUSED
}
