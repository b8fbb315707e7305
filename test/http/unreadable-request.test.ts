import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startApp } from '../helpers/app.ts'
import { connectRaw } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

const CLIENT_HELLO = Buffer.from('16030100ba010000b603039a', 'hex').toString('latin1')
const PUSH = 'POST /push HTTP/1.1\r\nhost: x\r\n'
/** More than Node reads at once, so that some of it is unread when the answer is sent. */
const MORE = 'x'.repeat(48 * 1024)

describe('a request that is not readable as HTTP', () => {
  for (const [what, sent, status, code] of [
    ['speaks TLS', CLIENT_HELLO, 400, 'NOT_HTTP'],
    ['has a header without a name', `${PUSH}: y\r\n\r\n`, 400, 'NOT_HTTP'],
    ['has two lengths', `${PUSH}content-length: 1\r\ncontent-length: 2\r\n\r\n`, 400, 'NOT_HTTP'],
    ['has a chunk of no size', `${PUSH}transfer-encoding: chunked\r\n\r\nzz\r\n`, 400, 'NOT_HTTP'],
    ['has large headers', `${PUSH}y: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
  ] as const) {
    it(`that ${what} gets its answer whole, and no reset`, async (t) => {
      const { url, clock } = await startApp(t)
      const client = await connectRaw(t, url)
      let wasReset = false
      client.socket.once('error', () => {
        wasReset = true
      })

      client.send(sent)
      const text = await client.answers(1)
      await until('the server closes its side', client.hasEnded)
      client.send(MORE)
      client.socket.end()
      await until('the connection is closed', () => client.socket.destroyed)

      assert.equal(wasReset, false)
      assert.match(text, new RegExp(`^HTTP/1.1 ${status} [^]*application/problem\\+json`))
      const body = JSON.parse(client.text().split('\r\n\r\n')[1] ?? '')
      assert.equal(`${body.status} ${body.code}`, `${status} ${code}`)
      await clock.advance(2_000)
    })
  }

  it('does not keep its connection when the client sends on for ever', async (t) => {
    const { url, clock } = await startApp(t)
    const client = await connectRaw(t, url)

    client.send(CLIENT_HELLO)
    await until('the server closes its side', client.hasEnded)
    client.send(MORE + MORE)
    await clock.advance(2_000)

    await until('the connection is closed', () => {
      client.send('x')
      return client.socket.destroyed
    })
  })
})
