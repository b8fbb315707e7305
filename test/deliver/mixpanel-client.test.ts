import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { ImportAnswer } from '../../src/deliver/answer.ts'
import type { ImportBody } from '../../src/deliver/import-body.ts'
import {
  type AttemptPolicy,
  createMixpanelClient,
  type MixpanelClientOptions,
} from '../../src/deliver/mixpanel-client.ts'
import type { UnreachableCause } from '../../src/model/outcome.ts'
import type { RequestEnd } from '../../src/model/telemetry.ts'
import { createFakeClock, settlePromises } from '../helpers/fake-clock.ts'
import { answering, hanging, resetting, startScriptedServer, type Turn } from './scripted-server.ts'

const TIMED_OUT: ImportAnswer = { kind: 'unanswered', reason: 'mixpanel_timeout' }

function unreachable(cause: UnreachableCause): ImportAnswer {
  return { kind: 'unanswered', reason: 'mixpanel_unreachable', cause }
}

const OK = answering(200, '{}')

function aBody(text = '[{}]'): ImportBody {
  return { bytes: Buffer.from(text), encoding: 'identity', plainBytes: Buffer.byteLength(text) }
}

/** A policy that wants this number of further attempts at once, and notes its calls. */
function aPolicy(
  furtherAttempts = 0,
  nextAttempt: AttemptPolicy['nextAttempt'] = async () => true,
) {
  const answers: ImportAnswer[] = []
  const turns: [failed: number, answer: ImportAnswer][] = []
  return {
    answers,
    turns,
    events: 3,
    onAnswer: (answer: ImportAnswer) => answers.push(answer) <= furtherAttempts,
    nextAttempt(failed: number, answer: ImportAnswer) {
      turns.push([failed, answer])
      return nextAttempt(failed, answer)
    },
  }
}

/** A client of a server that takes these turns; both end with the test. */
async function startClient(
  t: TestContext,
  turns: readonly Turn[],
  overrides: Partial<MixpanelClientOptions> = {},
) {
  const server = await startScriptedServer(t, turns)
  const clock = createFakeClock()
  const ends: RequestEnd[] = []
  const options: MixpanelClientOptions = {
    baseUrl: server.url,
    credentials: { kind: 'project_token', token: 'token-1' },
    timeoutMs: 30_000,
    maxSockets: 4,
    userAgent: 'pubsub-mixpanel/1.2.3',
    ...overrides,
  }
  const client = createMixpanelClient(options, { clock, requestEnded: (end) => ends.push(end) })
  t.after(client.close)
  return { ...client, server, clock, ends }
}

describe('a request to Mixpanel', () => {
  it('posts the body as it is to /import, strict, without placing users in the data centre', async (t) => {
    const { send, server } = await startClient(t, [OK])

    await send(aBody('[{"event":"é"}]'), aPolicy())

    const [request] = server.requests
    assert.equal(request?.method, 'POST')
    assert.equal(request?.url, '/import?strict=1&ip=0')
    assert.equal(request?.body.toString(), '[{"event":"é"}]')
    assert.partialDeepStrictEqual(request?.headers, {
      'content-type': 'application/json',
      'content-length': '16',
      accept: 'application/json',
      'user-agent': 'pubsub-mixpanel/1.2.3',
      connection: 'keep-alive',
    })
    assert.equal(request?.headers['content-encoding'], undefined)
  })

  it('says that a body is gzipped, and leaves it so', async (t) => {
    const { send, server } = await startClient(t, [OK])
    const bytes = gzipSync('[{},{}]')

    await send({ bytes, encoding: 'gzip', plainBytes: 7 }, aPolicy())

    assert.equal(server.requests[0]?.headers['content-encoding'], 'gzip')
    assert.deepEqual(server.requests[0]?.body, bytes)
  })

  const credentials = [
    {
      name: 'a project token, with an empty password',
      given: { kind: 'project_token', token: 'token-1' },
      basic: 'token-1:',
      query: 'strict=1&ip=0',
    },
    {
      name: 'a service account, with its project',
      given: { kind: 'service_account', username: 'u.1', secret: 's&é:', projectId: '42' },
      basic: 'u.1:s&é:',
      query: 'strict=1&ip=0&project_id=42',
    },
  ] as const
  for (const { name, given, basic, query } of credentials) {
    it(`carries the credentials of ${name}`, async (t) => {
      const { send, server } = await startClient(t, [OK], { credentials: given })

      await send(aBody(), aPolicy())

      const expected = `Basic ${Buffer.from(basic).toString('base64')}`
      assert.equal(server.requests[0]?.headers.authorization, expected)
      assert.equal(server.requests[0]?.url, `/import?${query}`)
    })
  }

  it('goes to the path of the base URL, where a proxy has one', async (t) => {
    const server = await startScriptedServer(t, [OK])
    const { send } = await startClient(t, [], { baseUrl: `${server.url}/mixpanel` })

    await send(aBody(), aPolicy())

    assert.equal(server.requests[0]?.url, '/mixpanel/import?strict=1&ip=0')
  })

  it('goes straight there, whatever proxy the environment names', async (t) => {
    const { send, server } = await startClient(t, [OK])
    process.env.http_proxy = 'http://127.0.0.1:1'
    t.after(() => delete process.env.http_proxy)

    await send(aBody(), aPolicy())

    assert.equal(server.requests.length, 1)
  })
})

describe('the answer of Mixpanel', () => {
  const answers = [
    { status: 200, body: '{"num_records_imported": 9007199254740993}' },
    { status: 204, body: '' },
    { status: 400, body: '{"failed_records":[]}' },
    { status: 401, body: '{}' },
    { status: 413, body: '<html>é' },
    { status: 429, body: '' },
    { status: 503, body: 'upstream error' },
  ]
  for (const { status, body } of answers) {
    it(`is handed over as it came: ${status}`, async (t) => {
      const { send } = await startClient(t, [answering(status, body)])
      const policy = aPolicy()

      const answer = await send(aBody(), policy)

      assert.deepEqual(answer, { kind: 'answered', status, body })
      assert.deepEqual(policy.answers, [answer])
    })
  }

  it('brings its Retry-After along', async (t) => {
    const { send } = await startClient(t, [answering(429, '', { 'retry-after': '7' })])

    const answer = await send(aBody(), aPolicy())

    assert.deepEqual(answer, { kind: 'answered', status: 429, body: '', retryAfter: '7' })
  })

  it('may come gzipped', async (t) => {
    const headers = { 'content-encoding': 'gzip' }
    const { send } = await startClient(t, [
      (response) => response.writeHead(200, headers).end(gzipSync('{"code":200}')),
    ])

    const answer = await send(aBody(), aPolicy())

    assert.deepEqual(answer, { kind: 'answered', status: 200, body: '{"code":200}' })
  })

  it('may be a redirect, which is not followed', async (t) => {
    const { send, server } = await startClient(t, [answering(307, '', { location: '/elsewhere' })])

    const answer = await send(aBody(), aPolicy())

    assert.deepEqual(answer, { kind: 'answered', status: 307, body: '' })
    assert.equal(server.requests.length, 1)
  })

  for (const status of [200, 401, 413]) {
    it(`is none when it is torn, whatever its status line says: ${status}`, async (t) => {
      const { send } = await startClient(t, [
        (response) => {
          response.writeHead(status, { 'content-length': 1_000 })
          response.write('{"num_records_imported":3}', () => response.socket?.destroy())
        },
      ])

      assert.deepEqual(await send(aBody(), aPolicy()), unreachable('ANSWER_CUT_OFF'))
    })
  }

  const none: { name: string; turn: Turn; cause: UnreachableCause }[] = [
    { name: 'the connection is reset', turn: resetting, cause: 'ECONNRESET' },
    {
      name: 'the connection is closed',
      turn: (response) => response.socket?.end(),
      cause: 'ECONNRESET',
    },
    {
      name: 'the answer is not HTTP',
      turn: (response) => response.socket?.end('hello\r\n\r\n'),
      cause: 'NOT_HTTP',
    },
    {
      name: 'it claims to be gzip and is not',
      turn: answering(200, '{"num_records_imported":3}', { 'content-encoding': 'gzip' }),
      cause: 'ANSWER_BADLY_COMPRESSED',
    },
    {
      name: 'it claims to be brotli and is not',
      turn: answering(200, 'no brotli at all', { 'content-encoding': 'br' }),
      cause: 'ANSWER_BADLY_COMPRESSED',
    },
  ]
  for (const { name, turn, cause } of none) {
    it(`is none when ${name}, and the cause is given: ${cause}`, async (t) => {
      const { send, ends } = await startClient(t, [turn])

      assert.deepEqual(await send(aBody(), aPolicy()), unreachable(cause))
      assert.partialDeepStrictEqual(ends, [{ status: 'mixpanel_unreachable', cause }])
    })
  }

  it('is none when the server speaks no TLS', async (t) => {
    const server = await startScriptedServer(t, [OK])
    const baseUrl = server.url.replace('http:', 'https:')
    const { send } = await startClient(t, [], { baseUrl })

    assert.deepEqual(await send(aBody(), aPolicy()), unreachable('TLS_FAILED'))
  })

  it('is none when the host has no address', async (t) => {
    const { send } = await startClient(t, [], { baseUrl: 'http://mixpanel.invalid' })

    const answer = await send(aBody(), aPolicy())

    // A resolver that cannot be asked says so.
    assert.ok(
      ['ENOTFOUND', 'EAI_AGAIN'].some((cause) => 'cause' in answer && answer.cause === cause),
    )
  })

  it('is none when no server listens', async (t) => {
    const { send } = await startClient(t, [], { baseUrl: 'http://127.0.0.1:1' })

    assert.deepEqual(await send(aBody(), aPolicy()), unreachable('ECONNREFUSED'))
  })

  const tooLarge: { name: string; turn: Turn }[] = [
    { name: 'too large', turn: answering(200, 'x'.repeat(5 * 1024 * 1024)) },
    {
      name: 'too large once inflated',
      turn: (response) => {
        const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024))
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
      },
    },
  ]
  for (const { name, turn } of tooLarge) {
    it(`is cut off, and none, when it is ${name}`, async (t) => {
      const { send, server } = await startClient(t, [turn])

      assert.deepEqual(await send(aBody(), aPolicy()), unreachable('ANSWER_TOO_LONG'))
      await server.requests[0]?.closed
    })
  }
})

describe('the time of an attempt', () => {
  it('is bounded: an attempt without an answer by then is given up', async (t) => {
    const { send, server, clock } = await startClient(t, [hanging])
    const sending = send(aBody(), aPolicy())
    await server.received(1)

    await clock.advance(30_000)

    assert.deepEqual(await sending, TIMED_OUT)
    await server.requests[0]?.closed
  })

  it('is bounded as a whole, also when the answer drips in', async (t) => {
    const dripping = Promise.withResolvers<() => void>()
    const { send, server, clock } = await startClient(t, [
      (response) => {
        response.writeHead(200, { 'content-length': 1_000 })
        dripping.resolve(() => response.write('x'))
      },
    ])
    const sending = send(aBody(), aPolicy())
    const drip = await dripping.promise

    for (let drops = 0; drops < 3; drops++) {
      drip()
      await clock.advance(10_000)
    }

    assert.deepEqual(await sending, TIMED_OUT)
    await server.requests[0]?.closed
  })

  it('leaves no timer behind, however the attempt ends', async (t) => {
    const { send, clock } = await startClient(t, [answering(503), resetting, OK])

    await send(aBody(), aPolicy(2))

    assert.equal(clock.pending(), 0)
  })

  it('begins anew with each attempt', async (t) => {
    const responses: Parameters<Turn>[0][] = []
    const { send, server, clock, ends } = await startClient(t, [
      (response) => responses.push(response),
    ])
    const sending = send(aBody(), aPolicy(2))
    await server.received(1)
    await clock.advance(20_000)
    responses[0]?.writeHead(503).end()
    await server.received(2)
    await clock.advance(30_000)
    await server.received(3)
    await clock.advance(29_999)
    responses[2]?.writeHead(200).end('{}')

    assert.deepEqual(await sending, { kind: 'answered', status: 200, body: '{}' })
    assert.deepEqual(
      ends.map(({ status, elapsedMs }) => [status, elapsedMs]),
      [
        [503, 20_000],
        ['mixpanel_timeout', 30_000],
        [200, 29_999],
      ],
    )
  })
})

describe('another attempt', () => {
  it('is made for as long as the policy says so, with the same bytes', async (t) => {
    const { send, server } = await startClient(t, [answering(503), resetting, answering(500), OK])
    const bytes = gzipSync('[{"id":9007199254740993}]')
    const policy = aPolicy(3)

    const answer = await send({ bytes, encoding: 'gzip', plainBytes: 25 }, policy)

    assert.deepEqual(answer, { kind: 'answered', status: 200, body: '{}' })
    assert.deepEqual(policy.turns, [
      [1, { kind: 'answered', status: 503, body: '' }],
      [2, unreachable('ECONNRESET')],
      [3, { kind: 'answered', status: 500, body: '' }],
    ])
    assert.equal(server.requests.length, 4)
    for (const request of server.requests) {
      assert.deepEqual(request.body, bytes)
      assert.equal(request.url, '/import?strict=1&ip=0')
      assert.equal(request.headers['content-encoding'], 'gzip')
      assert.equal(request.headers.authorization, server.requests[0]?.headers.authorization)
    }
  })

  it('is made after a time-out', async (t) => {
    const { send, server, clock } = await startClient(t, [hanging, OK])
    const sending = send(aBody(), aPolicy(1))
    await server.received(1)

    await clock.advance(30_000)

    assert.deepEqual(await sending, { kind: 'answered', status: 200, body: '{}' })
  })

  it('waits for the policy', async (t) => {
    const turn = Promise.withResolvers<boolean>()
    const { send, server } = await startClient(t, [answering(503), OK])
    const sending = send(
      aBody(),
      aPolicy(1, () => turn.promise),
    )
    await server.received(1)
    await settlePromises()
    assert.equal(server.requests.length, 1)

    turn.resolve(true)

    assert.deepEqual(await sending, { kind: 'answered', status: 200, body: '{}' })
  })

  for (const [name, turn, last] of [
    ['an answer', answering(503), { kind: 'answered', status: 503, body: '' }],
    ['no answer', resetting, unreachable('ECONNRESET')],
  ] as const) {
    it(`is not made when the policy gives up: ${name} was the last`, async (t) => {
      const { send, server } = await startClient(t, [answering(500), turn])
      const policy = aPolicy(9, async (failed) => failed < 2)

      assert.deepEqual(await send(aBody(), policy), last)
      assert.equal(server.requests.length, 2)
    })
  }

  it('is not made when the policy has a bug, which is not an answer', async (t) => {
    const { send } = await startClient(t, [answering(503)])
    const broken = aPolicy(1, () => Promise.reject(new Error('a bug')))

    await assert.rejects(send(aBody(), broken), /a bug/)
  })
})

describe('the connections to Mixpanel', () => {
  it('are kept alive and used again, and gather no listeners', async (t) => {
    const { send, server } = await startClient(t, [OK])
    const warnings: Error[] = []
    const warn = (warning: Error) => warnings.push(warning)
    process.on('warning', warn)
    t.after(() => process.off('warning', warn))

    for (let n = 0; n < 30; n++) await send(aBody(), aPolicy())
    await settlePromises()

    assert.equal(server.requests.length, 30)
    assert.equal(server.connections(), 1)
    assert.deepEqual(warnings, [])
  })

  it('are used again until they have been idle for four seconds', async (t) => {
    const { send, server, clock } = await startClient(t, [OK])

    for (const idleMs of [0, 3_999, 4_000, 3_999]) {
      await clock.advance(idleMs)
      await send(aBody(), aPolicy())
    }

    assert.deepEqual(
      server.requests.map(({ connection }) => connection),
      [1, 1, 2, 2],
    )
  })

  it('are used again each by its own idle time', async (t) => {
    const { send, server, clock } = await startClient(t, [OK])
    const used: number[][] = []

    for (const [idleMs, requests] of [
      [0, 3],
      [3_000, 2],
      [1_000, 1],
      [3_000, 2],
    ] as const) {
      await clock.advance(idleMs)
      await Promise.all(Array.from({ length: requests }, () => send(aBody(), aPolicy())))
      used.push(server.requests.slice(-requests).map(({ connection }) => connection))
    }

    // Two connections were used after three seconds, and one of them again a second later. After
    // seven seconds, only that one has been idle for less than four.
    const [first = [], second = [], [third = 0] = [], last = []] = used
    assert.deepEqual(first.toSorted(), [1, 2, 3])
    assert.ok(second.includes(third))
    assert.deepEqual(last.toSorted(), [third, 4])
  })

  it('are not used again for another attempt that comes four seconds later', async (t) => {
    const { send, server, clock } = await startClient(t, [answering(503), OK])
    const policy = aPolicy(1, async () => {
      await clock.advance(4_000)
      return true
    })

    await send(aBody(), policy)

    assert.deepEqual(
      server.requests.map(({ connection }) => connection),
      [1, 2],
    )
  })

  it('are never more than the client may open', async (t) => {
    const { send, server } = await startClient(t, [OK], { maxSockets: 2 })

    await Promise.all([1, 2, 3, 4, 5].map(() => send(aBody(), aPolicy())))

    assert.equal(server.requests.length, 5)
    assert.equal(server.connections(), 2)
  })

  it('end when the client is closed', async (t) => {
    const { send, server, close } = await startClient(t, [hanging])
    const sending = send(aBody(), aPolicy())
    await server.received(1)

    close()

    assert.deepEqual(await sending, unreachable('ECONNRESET'))
    await server.requests[0]?.closed
  })
})

describe('the report about the requests to Mixpanel', () => {
  it('says how each attempt ended, with events and bytes before compression', async (t) => {
    const { send, ends } = await startClient(t, [answering(429), resetting, OK])

    await send({ bytes: gzipSync('[{}]'), encoding: 'gzip', plainBytes: 4 }, aPolicy(2))

    const [events, bytes, elapsedMs] = [3, 4, 0]
    assert.deepEqual(ends, [
      { status: 429, events, bytes, elapsedMs },
      { status: 'mixpanel_unreachable', cause: 'ECONNRESET', events, bytes, elapsedMs },
      { status: 200, events, bytes, elapsedMs },
    ])
  })
})
