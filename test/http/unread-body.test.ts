import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { type Authentication, TRUSTED } from '../../src/model/authentication.ts'
import { type AppChanges, SMALL_PUSH, startApp } from '../helpers/app.ts'
import { connectRaw, type RawClient, statusesIn } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

const KIB = 1024
const MIB = 1024 * KIB
const REFUSED = { kind: 'refused', status: 401, code: 'TOKEN_MISSING', detail: 'none' } as const
/** The bytes that Node reads ahead of us: a chunk on its way, and the buffers of two streams. */
const READ_AHEAD_BYTES = 256 * KIB

function judge(authorization: string | undefined): Authentication {
  return authorization === 'Bearer good' ? TRUSTED : REFUSED
}

/** The head of a push, with a good token unless told otherwise. */
function head(bytes: number | 'chunked', path = '/push', token = 'good', more = ''): string {
  const length = bytes === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${bytes}`
  return `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n${length}\r\n${more}\r\n`
}

function aPush(): string {
  return head(SMALL_PUSH.length) + SMALL_PUSH
}

async function startScene(t: TestContext, changes: AppChanges = {}) {
  const scene = await startApp(t, { ...changes, deps: { authenticate: judge, ...changes.deps } })
  const sockets: Socket[] = []
  scene.app.server.on('connection', (socket) => sockets.push(socket))
  return { ...scene, open: () => connectRaw(t, scene.url), bytesRead }

  function bytesRead(): number {
    return sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0)
  }
}

/** Sends a body until the kernel takes no more, or all of it is sent. */
function flood(client: RawClient, bytes: number): void {
  const chunk = Buffer.alloc(64 * KIB, 0x20)
  for (let sent = 0; sent < bytes; sent += chunk.length) client.socket.write(chunk)
}

describe('the unread body of a request without a good token', () => {
  for (const [what, sent] of [
    ['of a refused push', head(32 * MIB, '/push', 'bad')],
    ['of a refused push in chunks', `${head('chunked', '/push', 'bad')}2000000\r\n`],
    ['of no route', head(32 * MIB, '/pubsub/push')],
    ['of a probe', head(32 * MIB, '/health/live').replace('POST', 'GET')],
    ['that expects something unheard of', head(32 * MIB, '/push', 'bad', 'expect: tea\r\n')],
  ] as const) {
    it(`${what} is read for 64 KiB and no further, and the answer arrives`, async (t) => {
      const { open, clock, bytesRead } = await startScene(t)
      const client = await open()

      client.send(sent)
      flood(client, 32 * MIB)
      await client.answers(1)
      await until('the server closes its side', client.hasEnded)

      assert.match(client.text(), /^connection: close/im)
      await clock.advance(2_000)
      await until('the connection is closed', () => client.socket.destroyed)
      assert.ok(bytesRead() <= 64 * KIB + READ_AHEAD_BYTES, `${bytesRead()} bytes read`)
    })
  }

  it('is read to its end when it is short, and no reset cuts the answer off', async (t) => {
    const { open } = await startScene(t)
    const client = await open()
    let wasReset = false
    client.socket.once('error', () => {
      wasReset = true
    })

    client.send(head(60 * KIB, '/push', 'bad'))
    await client.answers(1)
    flood(client, 60 * KIB)
    await until('the server closes its side', client.hasEnded)
    client.socket.end()
    await until('the connection is closed', () => client.socket.destroyed)

    assert.equal(wasReset, false)
    assert.match(client.text(), /"TOKEN_MISSING"/)
  })

  it('does not keep the connection when the client never hangs up', async (t) => {
    const { open, clock } = await startScene(t)
    const client = await open()

    client.send(head(1_000, '/push', 'bad'))
    await until('the server closes its side', client.hasEnded)
    await clock.advance(2_000)

    await until('the connection is closed', () => {
      client.send('x')
      return client.socket.destroyed
    })
  })

  it('is not taken for another request', async (t) => {
    const { open, refusals } = await startScene(t)
    const client = await open()

    client.send(head(0, '/push', 'bad') + aPush() + aPush())
    await until('the server closes its side', client.hasEnded)

    assert.deepEqual(statusesIn(client.text()), [401])
    assert.deepEqual(await refusals(), { TOKEN_MISSING: 1 })
  })
})

describe('the unread body of a push with a good token', () => {
  it('that is announced too large is not read, and the connection ends', async (t) => {
    const { open, clock, bytesRead } = await startScene(t)
    const client = await open()

    client.send(head(32 * MIB))
    flood(client, 32 * MIB)
    await client.answers(1)

    assert.match(client.text(), /^HTTP\/1.1 413 [\s\S]*connection: close/i)
    await until('the server closes its side', client.hasEnded)
    await clock.advance(2_000)
    await until('the connection is closed', () => client.socket.destroyed)
    assert.ok(bytesRead() <= 64 * KIB + READ_AHEAD_BYTES, `${bytesRead()} bytes read`)
  })

  it('is thrown away when the service is full, and the next push is taken', async (t) => {
    const { open, budget } = await startScene(t)
    const messageBytes = budget.openMessage()
    messageBytes.add(32 * MIB)
    const client = await open()

    client.send(head(8 * MIB))
    flood(client, 8 * MIB)
    await client.answers(1)
    messageBytes.release()
    client.send(aPush())

    await client.answers(2)
    assert.deepEqual(statusesIn(client.text()), [503, 204])
  })

  it('is thrown away when the service becomes full midway, and the next push is taken', async (t) => {
    const { open, budget } = await startScene(t)
    const messageBytes = budget.openMessage()
    messageBytes.add(32 * MIB - 100 * KIB)
    const client = await open()

    client.send(`${head('chunked')}100000\r\n`)
    flood(client, MIB)
    client.send('\r\n0\r\n\r\n')
    await client.answers(1)
    messageBytes.release()
    client.send(aPush())

    await client.answers(2)
    assert.deepEqual(statusesIn(client.text()), [503, 204])
    assert.match(client.text(), /^HTTP\/1.1 503 [\s\S]*connection: keep-alive/i)
  })

  it('ends the connection past 16 MiB when it does not say how long it is', async (t) => {
    const { open, bytesRead } = await startScene(t, { deps: { lifecycle: { phase: 'draining' } } })
    const client = await open()

    client.send(`${head('chunked')}4000000\r\n`)
    flood(client, 64 * MIB)

    await until('the connection is closed', () => client.socket.destroyed)
    assert.equal(statusesIn(client.text())[0], 503)
    assert.ok(bytesRead() <= 16 * MIB + READ_AHEAD_BYTES, `${bytesRead()} bytes read`)
  })
})

describe('a client that waits to be asked for its body', () => {
  const EXPECT = 'expect: 100-continue\r\n'

  it('is not asked before its token is checked', async (t) => {
    const { open } = await startScene(t)
    const client = await open()

    client.send(head(1_000, '/push', 'bad', EXPECT))
    await until('the server closes its side', client.hasEnded)

    assert.deepEqual(statusesIn(client.text()), [401])
  })

  it('is asked once its push is let in', async (t) => {
    const { open } = await startScene(t)
    const client = await open()

    client.send(head(SMALL_PUSH.length, '/push', 'good', EXPECT))
    await client.answers(1)
    client.send(SMALL_PUSH)

    await client.answers(2)
    assert.deepEqual(statusesIn(client.text()), [100, 204])
  })

  it('is not asked when there is no room', async (t) => {
    const { open, budget } = await startScene(t)
    budget.openMessage().add(32 * MIB)
    const client = await open()

    client.send(head(1_000, '/push', 'good', EXPECT))

    await client.answers(1)
    assert.deepEqual(statusesIn(client.text()), [503])
  })
})
