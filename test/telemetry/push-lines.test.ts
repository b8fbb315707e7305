import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AnsweredPush, createPushLines } from '../../src/telemetry/push-lines.ts'
import { aPushEnd } from '../helpers/builders.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { createTestLogger } from '../helpers/log-lines.ts'

const MINUTE_MS = 60_000
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const HEADERS = {
  'content-length': '1234',
  traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
  authorization: 'Bearer secret',
}
const ACKED = {
  settlement: 'ack',
  status: 204,
  reason: 'imported',
  messageId: '7',
  deliveryAttempt: 2,
  events: 3,
} as const
const NACKED = { ...ACKED, settlement: 'nack', status: 503, reason: 'throttled' } as const
const REFUSED = { status: 401, reason: 'token_missing' } as const

describe('the line of a push', () => {
  it('says at level debug what was pushed, how it ended, and in which trace', () => {
    const { write, lines } = createScene({ level: 'debug' })

    write({ ...aPushEnd({ headers: HEADERS, elapsedMs: 41.284_125 }), ...ACKED })

    const [{ time, ...line } = {}] = lines()
    assert.deepEqual(line, {
      severity: 'DEBUG',
      event: 'push',
      messageId: '7',
      deliveryAttempt: 2,
      settlement: 'ack',
      reason: 'imported',
      events: 3,
      ms: 41,
      httpRequest: {
        requestMethod: 'POST',
        requestUrl: '/push',
        status: 204,
        requestSize: '1234',
        latency: '0.041284s',
      },
      'logging.googleapis.com/trace': `projects/my-project/traces/${TRACE}`,
      'logging.googleapis.com/spanId': 'b7ad6b7169203331',
      'logging.googleapis.com/trace_sampled': true,
      message: 'push acked',
    })
  })

  it('has the trace alone while the project is not known', () => {
    const { write, lines } = createScene({ level: 'debug', projectId: () => undefined })

    write({ ...aPushEnd({ headers: HEADERS }), ...ACKED })

    assert.equal(lines()[0]?.['logging.googleapis.com/trace'], TRACE)
  })

  it('is not put together when it is not written', () => {
    let asked = 0
    const { write } = createScene({
      level: 'info',
      projectId: () => {
        asked += 1
        return 'my-project'
      },
    })

    write({ ...aPushEnd({ headers: HEADERS }), ...REFUSED })

    assert.equal(asked, 0)
  })

  it('says of a refused push what is known before its body is read', () => {
    const { write, lines } = createScene({ level: 'debug' })

    write({
      ...aPushEnd({ url: '/push?token=secret#x', headers: { 'content-length': 'x' } }),
      ...REFUSED,
    })

    const [{ time, ...line } = {}] = lines()
    assert.deepEqual(line, {
      severity: 'DEBUG',
      event: 'push',
      reason: 'token_missing',
      ms: 1,
      httpRequest: {
        requestMethod: 'POST',
        requestUrl: '/push',
        status: 401,
        latency: '0.001000s',
      },
      message: 'push refused: 401 TOKEN_MISSING',
    })
  })

  it('comes at level info only for a 5xx, as a warning', () => {
    const { write, lines } = createScene()

    for (const status of [204, 400, 401, 403, 413, 422, 499, 500, 503]) {
      write({ ...aPushEnd(), ...REFUSED, status })
    }

    assert.deepEqual(
      lines().map(({ severity, httpRequest }) => [severity, httpRequest.status]),
      [
        ['WARNING', 500],
        ['WARNING', 503],
      ],
    )
  })

  it('comes as a warning ten times a minute, and then says how many were suppressed', async () => {
    const { write, lines, clock } = createScene()
    const fail = (times: number) => {
      for (let n = 0; n < times; n += 1) write({ ...aPushEnd(), ...NACKED })
    }

    fail(25)
    await clock.advance(MINUTE_MS - 1)
    fail(1)
    await clock.advance(1)
    fail(12)
    await clock.advance(MINUTE_MS)
    fail(1)

    assert.deepEqual(
      lines().map(({ suppressed }) => suppressed),
      [...Array.from({ length: 10 }, () => 0), 16, ...Array.from({ length: 9 }, () => 0), 2],
    )
  })

  it('comes for each push at level debug', () => {
    const { write, lines } = createScene({ level: 'debug' })

    for (let n = 0; n < 12; n += 1) write({ ...aPushEnd(), ...NACKED })

    const severities = lines().map(({ severity }) => severity)
    assert.equal(severities.filter((severity) => severity === 'WARNING').length, 10)
    assert.equal(severities.filter((severity) => severity === 'DEBUG').length, 2)
  })
})

interface SceneOptions {
  readonly level?: string
  readonly projectId?: () => string | undefined
}

function createScene({ level = 'info', projectId = () => 'my-project' }: SceneOptions = {}) {
  const written: string[] = []
  const clock = createFakeClock()
  const log = createTestLogger(level, (line) => written.push(line))
  const write: (push: AnsweredPush) => void = createPushLines({ log, clock, projectId })
  return { write, clock, lines: () => written.map((line) => JSON.parse(line)) }
}
