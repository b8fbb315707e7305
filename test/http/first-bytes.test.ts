import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { describe, it, type TestContext } from 'node:test'
import { SMALL_PUSH, startApp } from '../helpers/app.ts'
import { answerOf } from '../helpers/protocols.ts'
import { connectRaw } from '../helpers/raw-client.ts'
import { aFrame, FRAME, PREFACE } from '../helpers/raw-http2.ts'
import { until } from '../helpers/until.ts'

const PUSH = `POST /push HTTP/1.1\r\nhost: x\r\ncontent-length: ${SMALL_PUSH.length}\r\n\r\n${SMALL_PUSH}`
const SETTINGS = aFrame(FRAME.settings).toString('latin1')

async function startScene(t: TestContext) {
  const scene = await startApp(t)
  return { ...scene, open: () => connectRaw(t, scene.url) }
}

describe('one port', () => {
  it('answers both protocols at the same time', async (t) => {
    const { url, push } = await startScene(t)
    const session = connect(url)
    t.after(() => session.destroy())

    const answers = [1, 2, 3].flatMap(() => {
      const stream = session.request({ ':method': 'POST', ':path': '/push' })
      stream.end(SMALL_PUSH)
      return [push(), answerOf(stream)]
    })

    assert.deepEqual(new Set(await Promise.all(answers)), new Set(['204']))
  })

  for (const [what, bytes, expected] of [
    ['HTTP/1', PUSH, /^HTTP\/1.1 204 /],
    // Its settings: a frame begins with a length of three bytes.
    ['HTTP/2', PREFACE + SETTINGS, /^\0{2}[\s\S]{7}\0/],
    [
      'HTTP/2 but for the last byte',
      `${PREFACE.slice(0, -1)}x`,
      /^HTTP\/1.1 400 [\s\S]*"NOT_HTTP"/,
    ],
    ['HTTP/2 but for the second byte', 'PUT /push HTTP/1.1\r\nhost: x\r\n\r\n', /^HTTP\/1.1 404 /],
  ] as const) {
    it(`knows the protocol though each byte comes by itself: ${what}`, async (t) => {
      const { open } = await startScene(t)
      const client = await open()
      client.socket.setNoDelay(true)

      for (const byte of bytes) await new Promise((sent) => client.socket.write(byte, sent))

      await until('an answer', () => expected.test(client.text()))
    })
  }

  for (const [what, bytes] of [
    ['says nothing', ''],
    ['begins like HTTP/2 and like a POST', 'P'],
    ['stops in the middle of what begins HTTP/2', PREFACE.slice(0, 20)],
  ] as const) {
    it(`closes a connection after 30 s that ${what}`, async (t) => {
      const { open, clock } = await startScene(t)
      const client = await open()
      client.send(bytes)
      await until('the bytes are under way', () => client.socket.writableLength === 0)

      await clock.advance(29_999)
      assert.equal(client.socket.destroyed || client.hasEnded(), false)
      await clock.advance(1)

      await until('the server closes', () => client.socket.destroyed || client.hasEnded())
    })
  }

  it('lets a connection be late once its protocol is known', async (t) => {
    const { open, clock } = await startScene(t)
    const client = await open()
    await clock.advance(29_000)
    client.send(PUSH)
    await client.answers(1)

    await clock.advance(29_000)
    client.send(PUSH)

    assert.match(await client.answers(2), / 204 [\s\S]* 204 /)
  })

  for (const [how, leave] of [
    ['ends', 'end'],
    ['is reset', 'resetAndDestroy'],
  ] as const) {
    it(`forgets a connection that ${how} before its protocol is known`, async (t) => {
      const { app, open, push, clock } = await startScene(t)
      const client = await open()
      client.send(PREFACE.slice(0, 10))

      client.socket[leave]()

      await until('the server has no connection', async () => (await openConnections(app)) === 0)
      assert.equal(clock.pending(), 0)
      assert.equal(await push(), '204')
    })
  }
})

function openConnections({ server }: { server: import('node:net').Server }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}
