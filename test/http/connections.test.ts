import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Authentication, TRUSTED } from '../../src/model/authentication.ts'
import type { Settlement } from '../../src/model/settlement.ts'
import { type AppChanges, SMALL_PUSH, startApp } from '../helpers/app.ts'
import { connectRaw, type RawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

const ACK: Settlement = { kind: 'ack', reason: 'empty', status: 204 }
const REFUSED = { kind: 'refused', status: 401, code: 'TOKEN_MISSING', detail: 'none' } as const
const PROBE = 'GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n'

/** A push as it goes over the wire; it has a good token unless told otherwise. */
function aPush(token = 'good'): string {
  const headers = [`authorization: Bearer ${token}`, `content-length: ${SMALL_PUSH.length}`]
  return `POST /push HTTP/1.1\r\nhost: x\r\n${headers.join('\r\n')}\r\n\r\n${SMALL_PUSH}`
}

function judge(authorization: string | undefined): Authentication {
  return authorization === 'Bearer good' ? TRUSTED : REFUSED
}

async function startScene(t: TestContext, changes: AppChanges) {
  const scene = await startApp(t, { ...changes, deps: { authenticate: judge, ...changes.deps } })
  let accepted = 0
  scene.app.server.on('connection', () => {
    accepted += 1
  })
  return { ...scene, open }

  /** Opens a connection and waits until the server knows it. */
  async function open(text = ''): Promise<RawClient> {
    const before = accepted
    const client = await connectRaw(t, scene.url)
    await until('the server has accepted', () => accepted > before)
    client.send(text)
    return client
  }
}

describe('at the bound of connections', () => {
  it('a probe and a push are answered, however many connections are silent', async (t) => {
    const { open } = await startScene(t, { connectionLimits: { max: 16 } })
    for (let n = 0; n < 40; n++) await open()

    const probe = await open(PROBE)
    const push = await open(aPush())

    assert.match(await probe.answers(1), /^HTTP\/1.1 200 /)
    assert.match(await push.answers(1), /^HTTP\/1.1 204 /)
  })

  for (const [what, text] of Object.entries({
    'says nothing': '',
    'sends half a request line': 'POST /pu',
    'sends its headers slowly': 'POST /push HTTP/1.1\r\nhost: x\r\nx-',
  })) {
    it(`the connection that ${what} and has been idle longest makes room`, async (t) => {
      const { open } = await startScene(t, { connectionLimits: { max: 3 } })
      const first = await open(text)
      const second = await open(text)
      await open(text)

      await open()

      await until('the first is closed', first.hasEnded)
      assert.equal(second.hasEnded(), false)
    })
  }

  it('a connection that has shown a good token outlives one that has not', async (t) => {
    const { open } = await startScene(t, { connectionLimits: { max: 3 } })
    const friend = await open(aPush())
    await friend.answers(1)
    const stranger = await open()
    await open()

    await open()

    await until('the stranger is closed', stranger.hasEnded)
    friend.send(aPush())
    assert.match(await friend.answers(2), / 204 [\s\S]* 204 /)
  })

  it('the idle connection of an earlier push makes room when there is no stranger', async (t) => {
    const { open } = await startScene(t, { connectionLimits: { max: 2 } })
    const friends = [await open(aPush()), await open(aPush())] as const
    await friends[0].answers(1)
    await friends[1].answers(1)

    const probe = await open(PROBE)

    assert.match(await probe.answers(1), /^HTTP\/1.1 200 /)
    await until('the first is closed', friends[0].hasEnded)
    assert.equal(friends[1].hasEnded(), false)
  })

  it('pushes leave places for probes: the push past them is refused, and a probe is answered', async (t) => {
    const settlement = Promise.withResolvers<Settlement>()
    let waiting = 0
    const settle = (): Promise<Settlement> => {
      waiting += 1
      return settlement.promise
    }
    const { open } = await startScene(t, { connectionLimits: { max: 10 }, deps: { settle } })
    const taken = [await open(aPush()), await open(aPush())]
    await until('two pushes wait', () => waiting === 2)

    const refused = await open(aPush())
    const answer = await refused.answers(1)
    const probes = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(() => open(PROBE))

    assert.match(answer, /^HTTP\/1.1 503 [\s\S]*"OVERLOADED"/)
    assert.match(answer, /^connection: keep-alive/im)
    for (const probe of probes) assert.match(await (await probe).answers(1), /^HTTP\/1.1 200 /)
    settlement.resolve(ACK)
    for (const push of taken) assert.match(await push.answers(1), /^HTTP\/1.1 204 /)
  })
})

describe('an idle connection', () => {
  it('is closed after 30 s when it has shown no good token', async (t) => {
    const limits = { max: 10, strangerIdleMs: 30_000 }
    const { open, clock } = await startScene(t, { connectionLimits: limits })
    const silent = await open()
    const friend = await open(aPush())
    await friend.answers(1)
    await clock.advance(20_000)
    const late = await open()

    await clock.advance(10_000)

    await until('the silent one is closed', silent.hasEnded)
    assert.equal(late.hasEnded(), false)
    await clock.advance(20_000)
    await until('the late one is closed', late.hasEnded)
    friend.send(aPush())
    assert.match(await friend.answers(2), / 204 [\s\S]* 204 /)
  })

  it('may be silent between two pushes where every connection is trusted', async (t) => {
    const { open, clock } = await startScene(t, { connectionLimits: { max: 10 } })
    const silent = await open(aPush())
    await silent.answers(1)

    await clock.advance(600_000)
    silent.send(aPush())

    assert.match(await silent.answers(2), / 204 [\s\S]* 204 /)
  })
})

describe('an answer', () => {
  for (const [what, text, status] of [
    ['to a push without a good token', aPush('bad'), 401],
    ['to a probe', PROBE, 200],
    ['of no route', 'GET /nope HTTP/1.1\r\nhost: x\r\n\r\n', 404],
    ['to a broken URL', 'GET /%zz HTTP/1.1\r\nhost: x\r\n\r\n', 404],
  ] as const) {
    it(`${what} says that the connection closes, and closes it`, async (t) => {
      const { open } = await startScene(t, {})

      const client = await open(text)
      const answer = await client.answers(1)

      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
      assert.match(answer, /^connection: close/im)
      await until('the server closes', client.hasEnded)
    })
  }

  for (const [what, changes, status] of [
    ['an ack', {}, 204],
    ['a nack', { deps: { settle: async () => NACK } }, 503],
    ['a refusal while closing', { deps: { lifecycle: { phase: 'draining' } } }, 503],
    ['a refusal of another subscription', { deps: { subscriptions: new Set(['another']) } }, 403],
  ] as const) {
    it(`to a push with a good token keeps the connection: ${what}`, async (t) => {
      const { open } = await startScene(t, changes)

      const client = await open(aPush())
      const answer = await client.answers(1)
      client.send(aPush())

      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
      assert.match(answer, /^connection: keep-alive/im)
      await client.answers(2)
    })
  }

  it('closes the connection when the client asks for that, good token or not', async (t) => {
    const { open } = await startScene(t, {})

    const client = await open(aPush().replace('host: x', 'host: x\r\nconnection: close'))

    assert.match(await client.answers(1), /^HTTP\/1.1 204 [\s\S]*connection: close/i)
    await until('the server closes', client.hasEnded)
  })
})

const NACK: Settlement = { kind: 'nack', reason: 'deadline', status: 503 }
