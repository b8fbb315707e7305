import { type ClientHttp2Session, connect } from 'node:http2'
import type { Connection, LoadOptions, OpenConnection } from './load.ts'

/** The pushes under way on one connection, as a front end of Google would have them. */
const STREAMS_A_CONNECTION = 100

/** Returns a function that opens one more stream at a time; a hundred share a connection. */
export function http2Connections({ port, template, token }: LoadOptions): OpenConnection {
  const { before, between, after } = template
  const headers = {
    ':method': 'POST',
    ':path': '/push',
    'content-type': 'application/json',
    'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
    authorization: `Bearer ${token}`,
  }
  let session: ClientHttp2Session | undefined
  let opened = 0

  return (nextMessageId, note) => {
    if (opened % STREAMS_A_CONNECTION === 0) {
      session = connect(`http://127.0.0.1:${port}`).on('error', () => {})
    }
    opened += 1
    return connectionOn(session as ClientHttp2Session)

    function connectionOn(own: ClientHttp2Session): Connection {
      return { push: (done) => push(own, done), close: () => own.destroy() }
    }

    function push(own: ClientHttp2Session, done: () => void): void {
      const id = nextMessageId()
      const body = `${before}${id}${between}${id}${after}`
      const sentAt = performance.now()
      let status = 0
      const stream = own.request({ ...headers, 'content-length': Buffer.byteLength(body) })
      stream.on('response', (answer) => {
        status = Number(answer[':status'])
        stream.resume()
      })
      stream.on('error', () => {})
      stream.on('close', () => {
        note(status, performance.now() - sentAt)
        done()
      })
      stream.end(body)
    }
  }
}
