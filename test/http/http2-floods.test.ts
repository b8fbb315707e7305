import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { connectionLimitsOf } from '../../src/http/connection-limits.ts'
import type { ConnectionLimits } from '../../src/http/connections.ts'
import { type Authentication, TRUSTED } from '../../src/model/authentication.ts'
import { SMALL_PUSH, startApp } from '../helpers/app.ts'
import {
  aFrame,
  aReset,
  closedWindow,
  connectHttp2,
  FLAG,
  FRAME,
  headerBlock,
  pushHeaders,
} from '../helpers/raw-http2.ts'
import { until } from '../helpers/until.ts'

const KIB = 1024
const REFUSED = { kind: 'refused', status: 401, code: 'TOKEN_MISSING', detail: 'none' } as const
const GOOD = { authorization: 'Bearer good' }
const PING = aFrame(FRAME.ping, 0, 0, '12345678')

function judge(authorization: string | undefined): Authentication {
  return authorization === 'Bearer good' ? TRUSTED : REFUSED
}

async function startScene(t: TestContext, connectionLimits: ConnectionLimits = { max: 1_000 }) {
  let requests = 0
  const scene = await startApp(t, {
    protocol: 'HTTP/2',
    connectionLimits,
    deps: {
      authenticate: (authorization) => {
        requests += 1
        return judge(authorization)
      },
    },
  })
  return { ...scene, requests: () => requests }
}

function times(count: number, frame: (n: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, n) => frame(n)))
}

/** The n-th stream that a client may open. */
function streamOf(n: number): number {
  return 2 * n + 1
}

/** The frames of a client that opens streams and resets each at once. */
function resetStreams(count: number): Buffer {
  return times(count, (n) => Buffer.concat([pushHeaders(streamOf(n)), aReset(streamOf(n))]))
}

/** A header block whose fields name one entry of the table again and again: an HPACK bomb. */
function bomb(references: number): Buffer {
  const fields = headerBlock({
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': 'x',
    ':path': '/',
  })
  const value = 'v'.repeat(100)
  // A literal that enters the table (RFC 7541, 6.2.1), and references to it (6.1).
  const entry = Buffer.concat([
    Buffer.from([0x40, 1]),
    Buffer.from('x'),
    Buffer.from([100]),
    Buffer.from(value),
  ])
  return Buffer.concat([fields, entry, Buffer.alloc(references, 0x80 | 62)])
}

describe('a client that floods, or breaks a rule of the session', () => {
  const floods = {
    'resets of its own streams': resetStreams(3_000),
    'settings, and reads no acknowledgement': times(20_000, () => aFrame(FRAME.settings)),
    'pings, and reads no answer': times(20_000, () => PING),
    'empty data': Buffer.concat([
      pushHeaders(1, GOOD),
      times(20_000, () => aFrame(FRAME.data, 0, 1)),
    ]),
    'headers without an end': Buffer.concat([
      aFrame(FRAME.headers, 0, 1, headerBlock({ ':method': 'POST' })),
      times(1_000, () => aFrame(FRAME.continuation, 0, 1, headerBlock({ x: 'y'.repeat(100) }))),
    ]),
    'empty headers without an end': Buffer.concat([
      aFrame(FRAME.headers, 0, 1),
      times(20_000, () => aFrame(FRAME.continuation, 0, 1)),
    ]),
    'more streams than it may': times(2_000, (n) => pushHeaders(streamOf(n), GOOD)),
    'a window past its end': Buffer.concat([
      aFrame(FRAME.windowUpdate, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
    ]),
    'windows of no size': times(5_000, () => aFrame(FRAME.windowUpdate, 0, 0, Buffer.alloc(4))),
    'a frame that is too large': aFrame(FRAME.data, 0, 1, Buffer.alloc(17 * KIB)),
    // Node ends the session for this, and not the stream alone.
    'more data than it announced': Buffer.concat([
      pushHeaders(1, { ...GOOD, 'content-length': '5' }),
      aFrame(FRAME.data, FLAG.endStream, 1, SMALL_PUSH),
    ]),
    'data on no stream': times(2_000, (n) => aFrame(FRAME.data, 0, streamOf(n), 'x')),
  }
  for (const [what, frames] of Object.entries(floods)) {
    it(`with ${what} loses its session, and nobody else does`, async (t) => {
      const { url, push, requests } = await startScene(t)
      const client = await connectHttp2(t, url)
      client.socket.pause()

      client.sendFrames(frames)
      client.socket.resume()

      await until('the session is closed', () => client.hasEnded() || client.socket.destroyed)
      assert.ok(requests() < 2_900, `${requests()} requests were judged`)
      assert.equal(await push('{"message":{"messageId":"1"}}'), '401 TOKEN_MISSING')
    })
  }
})

it('takes three thousand resets at once from a front end of Cloud Run: many clients share its session', async (t) => {
  const onCloudRun = { delivery: { maxConcurrency: 16, maxEventsPerSecond: 1 }, onCloudRun: true }
  const push = {
    auth: { kind: 'none' },
    subscriptions: [],
    ackDeadlineMs: 1,
    maxBufferedBytes: 1,
  } as const
  const { url } = await startScene(t, connectionLimitsOf({ ...onCloudRun, push }, 10_000))
  const client = await connectHttp2(t, url)

  client.sendFrames(resetStreams(3_000), pushHeaders(streamOf(3_000), GOOD))
  client.sendFrames(aFrame(FRAME.data, FLAG.endStream, streamOf(3_000), SMALL_PUSH))

  assert.equal((await client.frame(FRAME.headers, streamOf(3_000))).payload[0], 0x80 | 9)
})

describe('a client whose stream breaks a rule', () => {
  const faults = {
    'a header bomb': aFrame(FRAME.headers, FLAG.endHeaders, 3, bomb(4_000)),
    'too many headers': aFrame(
      FRAME.headers,
      FLAG.endHeaders,
      3,
      headerBlock({
        ':method': 'POST',
        ':scheme': 'http',
        ':authority': 'x',
        ':path': '/push',
        ...Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`x-${n}`, ''])),
      }),
    ),
    'less data than it announced': Buffer.concat([
      pushHeaders(3, { ...GOOD, 'content-length': '500' }),
      aFrame(FRAME.data, FLAG.endStream, 3, SMALL_PUSH),
    ]),
    'a length that is no number': pushHeaders(3, { ...GOOD, 'content-length': '1e3' }),
    'a length below zero': pushHeaders(3, { ...GOOD, 'content-length': '-5' }),
    'a header of HTTP/1': pushHeaders(3, { ...GOOD, 'transfer-encoding': 'chunked' }),
  }
  for (const [what, frames] of Object.entries(faults)) {
    it(`with ${what} loses that stream alone`, async (t) => {
      const { url, budget } = await startScene(t)
      const client = await connectHttp2(t, url)
      client.sendFrames(pushHeaders(1, GOOD))
      await until('a good push is under way', () => client.socket.writableLength === 0)

      client.sendFrames(frames)
      const reset = await client.frame(FRAME.rstStream, 3)
      client.sendFrames(aFrame(FRAME.data, FLAG.endStream, 1, SMALL_PUSH))
      const answer = await client.frame(FRAME.headers, 1)

      assert.notEqual(reset.payload.readUInt32BE(0), 0)
      // The field `:status: 204` of the static table (RFC 7541, appendix A).
      assert.equal(answer.payload[0], 0x80 | 9)
      await until('no room is held', () => budget.held() === 0)
    })
  }

  it('with a hundred times that loses no good push', async (t) => {
    const { url } = await startScene(t)
    const client = await connectHttp2(t, url)
    client.sendFrames(pushHeaders(1, GOOD))

    for (let n = 1; n <= 100; n++) {
      client.sendFrames(aFrame(FRAME.headers, FLAG.endHeaders, streamOf(n), bomb(4_000)))
      await client.frame(FRAME.rstStream, streamOf(n))
    }
    client.sendFrames(aFrame(FRAME.data, FLAG.endStream, 1, SMALL_PUSH))

    assert.equal((await client.frame(FRAME.headers, 1)).payload[0], 0x80 | 9)
  })
})

it('holds no answer for a client that allows none: its streams end after four seconds', async (t) => {
  const { url, clock, requests } = await startScene(t)
  const client = await connectHttp2(t, url, closedWindow())

  client.sendFrames(times(200, (n) => pushHeaders(streamOf(n))))
  await until('all are refused', () => requests() === 200)
  await clock.advance(4_000)

  await client.frame(FRAME.rstStream, streamOf(199))
  const resets = client.frames().filter(({ type }) => type === FRAME.rstStream)
  assert.equal(resets.length, 200)
})
