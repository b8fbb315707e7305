import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { describe, it, type TestContext } from 'node:test'
import { type Authentication, TRUSTED } from '../../src/model/authentication.ts'
import type { Message } from '../../src/model/message.ts'
import type { Settlement } from '../../src/model/settlement.ts'
import { type AppChanges, SMALL_PUSH, startApp } from '../helpers/app.ts'
import { answerOf } from '../helpers/protocols.ts'
import { aFrame, aReset, connectHttp2, FLAG, FRAME, pushHeaders } from '../helpers/raw-http2.ts'
import { settled, until } from '../helpers/until.ts'

const KIB = 1024
const MIB = 1024 * KIB
const ACK: Settlement = { kind: 'ack', reason: 'empty', status: 204 }
const REFUSED = { kind: 'refused', status: 401, code: 'TOKEN_MISSING', detail: 'none' } as const
/** The window of a stream: a client sends as much though the service reads nothing. */
const WINDOW_BYTES = 64 * KIB
const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants

function judge(authorization: string | undefined): Authentication {
  return authorization === 'Bearer good' ? TRUSTED : REFUSED
}

/** An app, and sessions of one client each that say what they have seen. */
async function startScene(t: TestContext, changes: AppChanges = {}) {
  const scene = await startApp(t, { ...changes, deps: { authenticate: judge, ...changes.deps } })
  return { ...scene, open: () => openSession(t, scene.url) }
}

interface Session {
  readonly session: ClientHttp2Session
  /** How the server ended the session: the code of its GOAWAY, and whether it is closed. */
  readonly end: { goaway: number | undefined; isClosed: boolean }
  /** Begins a push with a good token, unless told otherwise. */
  begin(headers?: OutgoingHttpHeaders): ClientHttp2Stream
  /** Pushes; resolves with the status, and the code of a problem. */
  push(headers?: OutgoingHttpHeaders, body?: string): Promise<string>
}

async function openSession(t: TestContext, url: string, settings = {}): Promise<Session> {
  const session = connect(url, { maxSessionMemory: 100, settings })
  t.after(() => session.destroy())
  const end: Session['end'] = { goaway: undefined, isClosed: false }
  session.on('goaway', (code) => {
    end.goaway = code
  })
  session.on('close', () => {
    end.isClosed = true
  })
  session.on('error', () => {})
  await once(session, 'remoteSettings')
  return { session, end, begin, push }

  function begin(headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/push',
      authorization: 'Bearer good',
      ...headers,
    })
    return stream.on('error', () => {})
  }

  function push(headers: OutgoingHttpHeaders = {}, body = SMALL_PUSH): Promise<string> {
    const stream = begin(headers)
    if (headers[':method'] !== 'GET') stream.end(body)
    return answerOf(stream)
  }
}

/** A settlement that comes when it is told to, and how many messages wait for it. */
function gate() {
  const settlement = Promise.withResolvers<Settlement>()
  const waiting = { count: 0 }
  const settle = (): Promise<Settlement> => {
    waiting.count += 1
    return settlement.promise
  }
  return { settle, waiting, open: () => settlement.resolve(ACK) }
}

/** Sends a body until flow control takes no more, or all of it is sent. Returns what was taken. */
async function flood(stream: ClientHttp2Stream, bytes: number): Promise<{ sent: number }> {
  const taken = { sent: 0 }
  const chunk = Buffer.alloc(16 * KIB, 0x20)
  for (let begun = 0; begun < bytes; begun += chunk.length) {
    stream.write(chunk, (error) => {
      if (!error) taken.sent += chunk.length
    })
  }
  return taken
}

/** The code of the reset that ended a stream. */
async function resetOf(stream: ClientHttp2Stream): Promise<number | undefined> {
  await until('the stream is closed', () => stream.closed)
  return stream.rstCode
}

const STRANGER = { authorization: 'Bearer bad' }
const PROBE = { ':method': 'GET', ':path': '/health/live' }

it('tells a client its limits', async (t) => {
  const { open } = await startScene(t)

  const { session } = await open()

  assert.partialDeepStrictEqual(session.remoteSettings, {
    maxConcurrentStreams: 250,
    initialWindowSize: 65_535,
    maxHeaderListSize: 16_384,
  })
})

it('answers 250 pushes of 60 KB at once over one session', async (t) => {
  const { settle, waiting, open: settleAll } = gate()
  const { open, budget } = await startScene(t, { deps: { settle } })
  const { push } = await open()
  const body = `{"message":{"messageId":"1","data":"${'A'.repeat(60_000)}"}}`

  const answers = Array.from({ length: 250 }, () => push({}, body))
  await until('all wait', () => waiting.count === 250)
  settleAll()

  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['204']))
  assert.equal(budget.held(), 0)
})

describe('a stranger on the session of good pushes', () => {
  for (const [what, headers, status] of [
    ['has no good token', STRANGER, '401 TOKEN_MISSING'],
    ['asks for no route', { ...STRANGER, ':path': '/nope' }, '404 NOT_FOUND'],
    ['asks for a broken route', { ...STRANGER, ':path': '/%zz' }, '404 NOT_FOUND'],
    ['probes', { ...STRANGER, ...PROBE, ':method': 'PUT' }, '404 NOT_FOUND'],
  ] as const) {
    it(`loses its own stream alone when it ${what}`, async (t) => {
      const { settle, waiting, open: settleAll } = gate()
      const { open, clock } = await startScene(t, { deps: { settle } })
      const { push, begin, end } = await open()
      const good = push()
      await until('a good push waits', () => waiting.count === 1)

      const stranger = begin(headers)
      await flood(stranger, MIB)
      assert.equal(await answerOf(stranger), status)
      await until('its time runs', () => clock.pending() > 0)
      await clock.advance(4_000)

      assert.equal(await resetOf(stranger), NGHTTP2_NO_ERROR)
      settleAll()
      assert.equal(await good, '204')
      assert.equal(await push(), '204')
      assert.deepEqual(end, { goaway: undefined, isClosed: false })
    })
  }

  for (const [how, code] of Object.entries({ NGHTTP2_CANCEL, NGHTTP2_NO_ERROR })) {
    it(`that resets its streams at once does not disturb them: ${how}`, async (t) => {
      const { app, clock, open } = await startScene(t)
      let underWay = 0
      app.server.on('request', (_request, response) => {
        underWay += 1
        response.on('close', () => (underWay -= 1))
      })
      const { push, begin } = await open()

      for (let n = 0; n < 200; n++) begin(STRANGER).close(code)

      assert.equal(await push(), '204')
      await clock.advance(2_000)
      await until('all streams are forgotten', () => underWay === 0)
    })
  }
})

describe('the unread body of a stream', () => {
  for (const [what, headers, status] of [
    ['of a stranger', { ...STRANGER, 'content-length': 32 * MIB }, '401 TOKEN_MISSING'],
    ['of a stranger, without a length', STRANGER, '401 TOKEN_MISSING'],
    ['that is announced too large', { 'content-length': 32 * MIB }, '413 BODY_TOO_LARGE'],
  ] as const) {
    it(`${what} is read for 64 KiB and no further, and the answer arrives`, async (t) => {
      const { open, clock } = await startScene(t)
      const { begin } = await open()
      const stream = begin(headers)

      const taken = await flood(stream, 8 * MIB)
      assert.equal(await answerOf(stream), status)
      await clock.advance(30_000)

      assert.equal(await resetOf(stream), NGHTTP2_NO_ERROR)
      assert.ok(taken.sent <= 64 * KIB + 2 * WINDOW_BYTES, `${taken.sent} bytes were sent`)
    })
  }

  it('is read to its end when it is short, and no reset follows', async (t) => {
    const { url } = await startScene(t)
    const client = await connectHttp2(t, url)
    const chunk = Buffer.alloc(15 * KIB)

    client.sendFrames(pushHeaders(1))
    await client.frame(FRAME.headers, 1)
    for (const flags of [0, 0, 0, FLAG.endStream]) {
      client.sendFrames(aFrame(FRAME.data, flags, 1, chunk))
    }
    client.sendFrames(aFrame(FRAME.ping, 0, 0, '12345678'))
    await client.frame(FRAME.ping, 0)

    assert.ok(!client.frames().some(({ type }) => type === FRAME.rstStream))
  })

  it('is no push when its stream is reset before its end, though it is whole JSON', async (t) => {
    const settledIds: string[] = []
    const settle = async ({ messageId }: Message): Promise<Settlement> => {
      settledIds.push(messageId)
      return ACK
    }
    const { url } = await startScene(t, { deps: { settle } })
    const client = await connectHttp2(t, url)
    const good = { authorization: 'Bearer good' }

    client.sendFrames(
      pushHeaders(1, good),
      aFrame(FRAME.data, 0, 1, '{"message":{"messageId":"reset"}}'),
      aReset(1),
      pushHeaders(3, good),
      aFrame(FRAME.data, FLAG.endStream, 3, '{"message":{"messageId":"ended"}}'),
    )
    await client.frame(FRAME.headers, 3)

    assert.deepEqual(settledIds, ['ended'])
  })

  it('is thrown away when the service is full, and the next push is taken', async (t) => {
    const { open, budget } = await startScene(t)
    const { begin, push } = await open()
    const messageBytes = budget.openMessage()
    messageBytes.add(32 * MIB)

    const refused = begin({ 'content-length': 8 * MIB })
    refused.end(Buffer.alloc(8 * MIB))
    assert.equal(await answerOf(refused), '503 OVERLOADED')
    await until('its body is read', () => refused.closed)
    messageBytes.release()

    assert.equal(await push(), '204')
  })

  it('ends its stream alone past 16 MiB when it does not say how long it is', async (t) => {
    const { open } = await startScene(t, { deps: { lifecycle: { phase: 'draining' } } })
    const { begin, push } = await open()
    const refused = begin()

    const taken = await flood(refused, 32 * MIB)
    assert.equal(await answerOf(refused), '503 DRAINING')

    assert.equal(await resetOf(refused), NGHTTP2_NO_ERROR)
    assert.ok(taken.sent <= 17 * MIB, `${taken.sent} bytes were sent`)
    assert.equal(await push(), '503 DRAINING')
  })
})

describe('a client that waits to be asked for its body', () => {
  for (const [what, headers, isAsked] of [
    ['is asked once its push is let in', { expect: '100-continue' }, true],
    ['is not asked without a good token', { expect: '100-continue', ...STRANGER }, false],
    ['is not asked for what it expects else', { expect: 'tea', ...STRANGER }, false],
  ] as const) {
    it(what, async (t) => {
      const { open } = await startScene(t)
      const { begin } = await open()
      const stream = begin(headers)
      let wasAsked = false
      stream.on('continue', () => {
        wasAsked = true
        stream.end(SMALL_PUSH)
      })

      assert.equal(await answerOf(stream), isAsked ? '204' : '401 TOKEN_MISSING')
      assert.equal(wasAsked, isAsked)
    })
  }
})

describe('a client that is late', () => {
  it('with its body is told so after 30 s, and loses its stream alone', async (t) => {
    const { open, clock, budget, refusals } = await startScene(t)
    const { begin, push } = await open()
    const late = begin({ 'content-length': 1_000 })
    late.write('{')
    await until('its room is taken', () => budget.held() === 2_000)

    await clock.advance(28_000)
    assert.equal(await push(), '204')
    await clock.advance(2_000)

    assert.equal(await answerOf(late), '408 REQUEST_TIMEOUT')
    assert.equal(budget.held(), 0)
    await clock.advance(30_000)
    assert.equal(await resetOf(late), NGHTTP2_NO_ERROR)
    assert.equal(await push(), '204')
    assert.deepEqual(await refusals(), {})
  })

  it('with its body while its token is checked is not let in', async (t) => {
    const token = Promise.withResolvers<Authentication>()
    const { open, clock, budget } = await startScene(t, {
      deps: { authenticate: () => token.promise },
    })
    const { begin } = await open()
    const late = begin({ 'content-length': 1_000 })
    late.write('{')
    await until('its time runs', () => clock.pending() > 0)

    await clock.advance(60_000)
    token.resolve(TRUSTED)

    assert.match(await answerOf(late), /^4/)
    assert.equal(budget.held(), 0)
  })

  for (const [who, headers, maxMs] of [
    ['a stranger', STRANGER, 4_000],
    ['a good push', {}, 32_000],
  ] as const) {
    it(`and takes no bytes of its answer loses its stream: ${who}`, async (t) => {
      const changes: AppChanges = { deps: { lifecycle: { phase: 'draining' } } }
      const { url, clock, refusals } = await startScene(t, changes)
      const { begin, end } = await openSession(t, url, { initialWindowSize: 0 })
      const stuck = begin(headers)
      stuck.end(SMALL_PUSH)
      await until('it is refused', async () => Object.keys(await refusals()).length === 1)

      await clock.advance(maxMs)

      await until('the stream is closed', () => stuck.closed)
      assert.deepEqual(end, { goaway: undefined, isClosed: false })
    })
  }

  it('to be settled is not late: a push waits as long as its message needs', async (t) => {
    const { settle, waiting, open: settleAll } = gate()
    const { open, clock } = await startScene(t, { deps: { settle } })
    const { push } = await open()
    const answer = push()
    await until('it waits', () => waiting.count === 1)

    await clock.advance(500_000)
    settleAll()

    assert.equal(await answer, '204')
  })
})

describe('at the bound of connections', () => {
  it('the oldest stream without a good token makes room for the next', async (t) => {
    const token = Promise.withResolvers<Authentication>()
    let asked = 0
    const authenticate = (): Promise<Authentication> => {
      asked += 1
      return token.promise
    }
    const { open } = await startScene(t, { connectionLimits: { max: 3 }, deps: { authenticate } })
    const { begin, end } = await open()
    const first = begin()
    await until('the first has begun', () => asked === 1)

    const others = [begin(), begin(), begin()]

    await until('the first is closed', () => first.closed)
    assert.deepEqual(
      others.map(({ closed }) => closed),
      [false, false, false],
    )
    assert.equal(end.isClosed, false)
  })

  it('pushes leave places for probes, however few sessions have them', async (t) => {
    const { settle, waiting, open: settleAll } = gate()
    const { open } = await startScene(t, { connectionLimits: { max: 10 }, deps: { settle } })
    const { push } = await open()
    const taken = [push(), push()]
    await until('two pushes wait', () => waiting.count === 2)

    assert.equal(await push(), '503 OVERLOADED')
    const probes = Array.from({ length: 8 }, () => push(PROBE))

    for (const probe of probes) assert.match(await probe, /^200/)
    settleAll()
    assert.deepEqual(await Promise.all(taken), ['204', '204'])
    assert.equal(await push(), '204')
  })

  it('an idle session without a good token makes room, and a good one stays', async (t) => {
    const { open } = await startScene(t, { connectionLimits: { max: 2 } })
    const friend = await open()
    await friend.push()
    const stranger = await open()
    await stranger.push(STRANGER)

    const newcomer = await open()

    assert.equal(await newcomer.push(), '204')
    await until('the stranger is closed', () => stranger.end.isClosed)
    assert.equal(stranger.end.goaway, NGHTTP2_NO_ERROR)
    assert.equal(await friend.push(), '204')
  })
})

describe('an idle session', () => {
  it('is closed after 30 s when it has shown no good token', async (t) => {
    const limits = { max: 10, strangerIdleMs: 30_000 }
    const { open, clock } = await startScene(t, { connectionLimits: limits })
    const silent = await open()
    const refused = await open()
    await refused.push(STRANGER)
    const friend = await open()
    await friend.push()

    await clock.advance(32_000)

    for (const { end } of [silent, refused]) {
      await until('it is closed', () => end.isClosed)
      assert.equal(end.goaway, NGHTTP2_NO_ERROR)
    }
    assert.equal(await friend.push(), '204')
  })

  it('is closed after 620 s, good token or not', async (t) => {
    const { open, clock } = await startScene(t)
    const friend = await open()
    await friend.push()

    await clock.advance(618_000)
    assert.equal(await friend.push(), '204')
    await clock.advance(618_000)
    assert.equal(friend.end.isClosed, false)
    await clock.advance(4_000)

    await until('it is closed', () => friend.end.isClosed)
  })
})

describe('an app that closes', () => {
  it('tells each session, answers what waits, and refuses newcomers', async (t) => {
    const { settle, waiting, open: settleAll } = gate()
    const drained = Promise.withResolvers<void>()
    const { app, open } = await startScene(t, { deps: { settle }, drain: () => drained.promise })
    const { push, end } = await open()
    const answer = push()
    await until('it waits', () => waiting.count === 1)

    const closed = app.close()
    await until('the session is told', () => end.goaway === NGHTTP2_NO_ERROR)
    const newcomer = await open()
    const probe = await newcomer.push(PROBE)
    settleAll()

    assert.equal(await answer, '204')
    assert.match(probe, /^200/)
    drained.resolve()
    await settled('the close', closed)
    await until('the newcomer is told', () => newcomer.end.isClosed)
  })

  for (const [what, headers, body] of [
    ['has not finished a body that was refused', STRANGER, ' '],
    ['has not finished a body', {}, '{'],
    ['sends a body for ever', STRANGER, ' '.repeat(MIB)],
  ] as const) {
    it(`does not wait for a client that ${what}`, async (t) => {
      const { app, budget, open } = await startScene(t)
      const { begin, end } = await open()
      const stream = begin(headers)
      stream.write(body)
      if (headers === STRANGER) await answerOf(stream)
      else await until('its room is taken', () => budget.held() > 0)

      await settled('the close', app.close())

      await until('the session is closed', () => end.isClosed)
      assert.ok([NGHTTP2_NO_ERROR, NGHTTP2_CANCEL].includes(stream.rstCode))
    })
  }

  it('does not wait long for a client that takes no answer', async (t) => {
    const changes: AppChanges = { deps: { lifecycle: { phase: 'draining' } } }
    const { app, url, clock, refusals } = await startScene(t, changes)
    const { begin } = await openSession(t, url, { initialWindowSize: 0 })
    begin().end(SMALL_PUSH)
    await until('it is refused', async () => Object.keys(await refusals()).length === 1)

    let isClosed = false
    const closed = app.close().then(() => {
      isClosed = true
    })
    await until('the app closes', async () => {
      await clock.advance(2_000)
      return isClosed
    })
    await closed
  })
})
