import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { startLoopbackServer } from '../../src/local/loopback-server.ts'

describe('a loopback server', () => {
  it('answers a bug of its own with 500, and says what it is', async (t) => {
    const server = await startServer(t, async () => {
      throw new TypeError('no such row')
    })

    const answer = await fetch(server.url)

    assert.equal(answer.status, 500)
    assert.match(await answer.text(), /the local world failed: TypeError: no such row/)
  })

  it('outlives a client that goes while it sends its body', async (t) => {
    const begun = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<unknown>()
    const server = await startServer(t, async (request) => {
      begun.resolve()
      await buffer(request).catch((error: unknown) => {
        ended.resolve(error)
        throw error
      })
      throw new Error('still here')
    })
    const socket = connect(server.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n[{}')
    await begun.promise

    socket.destroy()
    await ended.promise

    assert.match(await (await fetch(server.url)).text(), /still here/)
  })
})

async function startServer(t: TestContext, answer: (request: IncomingMessage) => Promise<void>) {
  const server = await startLoopbackServer({ name: 'a server', port: 0 }, answer)
  t.after(server.close)
  return server
}
