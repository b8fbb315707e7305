import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createTraceState, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import fc from 'fast-check'
import { findTracing } from '../../src/service/tracing/find-tracing.ts'
import { tracePushes } from '../../src/service/tracing/trace-pushes.ts'
import { aMessage, aPushEnd } from '../helpers/builders.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { createScaledClock } from '../helpers/scaled-clock.ts'
import { createTraced, linkedIn, type SpanTree, treesOf } from '../helpers/traces.ts'
import { settled, until } from '../helpers/until.ts'
import { startWorld, type WorldOptions } from '../helpers/world.ts'

const PUBLISHER = { trace: '0af7651916cd43dd8448eb211c80319c', span: 'b7ad6b7169203331' }
const CALLER = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' }
const ACK_DEADLINE_MS = 10_000
const STATE = 'vendor=t61rcWkgMzE'
const GOOD = '{"event":"s3cret-name","properties":{"distinct_id":"p3rson-id","plan":"p4yload"}}'
const BAD = '{"event":"s3cret-name","properties":{"distinct_id":"p3rson-id","time":"yest3rday"}}'
const UNNAMED = {
  kind: 'status',
  status: 400,
  body: {
    code: 400,
    status: 'Bad Request',
    error: 'some data points in the request failed validation',
    num_records_imported: 0,
    failed_records: ['no name here'],
  },
} as const

/** The attributes that a client library of Pub/Sub adds for the span of a publisher. */
function publisherAttributes(): Record<string, string> {
  const attributes: Record<string, string> = {}
  const context = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: PUBLISHER.trace,
    spanId: PUBLISHER.span,
    traceFlags: TraceFlags.SAMPLED,
    traceState: createTraceState(STATE),
  })
  new W3CTraceContextPropagator().inject(context, attributes, {
    set: (carrier, name, value) => {
      carrier[`googclient_${name}`] = value
    },
  })
  return attributes
}

describe('the spans of a push', () => {
  it('are a push below its publisher, and a batch that is linked to it, when it is acked', async (t) => {
    const { pusher, spans } = await startTraced(t)
    const headers = { traceparent: `00-${CALLER.trace}-${CALLER.span}-00` }

    await pusher.push(
      {
        data: `${GOOD}\n${GOOD}`,
        messageId: '7',
        attributes: { ...publisherAttributes(), tenant: 'attribut3-value' },
        orderingKey: 'p3rson-id',
        deliveryAttempt: 3,
      },
      { headers },
    )

    const all = await spans()
    assert.deepEqual(treesOf(all), [
      {
        name: 'push',
        kind: 'CONSUMER',
        failed: false,
        attributes: {
          'messaging.system': 'gcp_pubsub',
          'messaging.operation.name': 'push',
          'messaging.operation.type': 'process',
          'messaging.message.id': '7',
          'messaging.destination.subscription.name':
            'projects/local-project/subscriptions/events-push',
          'messaging.gcp_pubsub.message.delivery_attempt': 3,
          'pubsub_mixpanel.settlement': 'ack',
          'pubsub_mixpanel.reason': 'imported',
          'pubsub_mixpanel.events': 2,
          'http.response.status_code': 204,
        },
        children: [],
      },
      {
        name: 'batch',
        kind: 'INTERNAL',
        failed: false,
        attributes: { 'pubsub_mixpanel.events': 2 },
        children: [
          {
            name: 'mixpanel import',
            kind: 'CLIENT',
            failed: false,
            attributes: {
              'http.request.method': 'POST',
              'server.address': '127.0.0.1',
              'pubsub_mixpanel.events': 2,
              'pubsub_mixpanel.verdict': 'imported',
              'http.response.status_code': 200,
            },
            children: [],
          },
        ],
      },
    ])
    const [push, batch] = [
      all.find(({ name }) => name === 'push'),
      all.find(({ name }) => name === 'batch'),
    ]
    assert.ok(push && batch)
    assert.equal(push.spanContext().traceId, PUBLISHER.trace)
    assert.equal(push.parentSpanContext?.spanId, PUBLISHER.span)
    assert.equal(push.spanContext().traceState?.serialize(), STATE)
    assert.deepEqual(linkedIn(push), [CALLER.span])
    assert.deepEqual(linkedIn(batch), [push.spanContext().spanId])
    assert.equal(batch.parentSpanContext, undefined)
  })

  it('begin a trace of their own when no publisher passes one on', async (t) => {
    const { pusher, spans } = await startTraced(t)

    await pusher.push({
      data: GOOD,
      attributes: { googclient_traceparent: 'x', googclient_tracestate: '=' },
    })

    const push = (await spans()).find(({ name }) => name === 'push')
    assert.equal(push?.parentSpanContext, undefined)
    assert.deepEqual(push?.links, [])
  })

  it('begin whatever the attributes and the headers hold', async () => {
    const { tracing, spans } = createTraced()
    const ack = { kind: 'ack', reason: 'imported', status: 204 } as const
    const settle = tracePushes(async () => ack, tracing.tracer, createFakeClock())
    let pushes = 0

    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), fc.string(), async (parent, state, header) => {
        const attributes = { googclient_traceparent: parent, googclient_tracestate: state }
        const { request } = aPushEnd({ headers: { traceparent: header } })
        pushes += 1
        assert.equal(await settle(aMessage({ attributes }), 0, request), ack)
      }),
    )

    assert.equal((await spans()).length, pushes)
  })

  it('have failed when the message is nacked, with the answers of Mixpanel', async (t) => {
    const clock = createFakeClock(Date.now())
    const { pusher, mixpanel, logLines, spans } = await startTraced(t, { clock })
    mixpanel.answerAlways({ kind: 'status', status: 401, body: 'no' })

    const pushed = pusher.push({ data: GOOD })
    await until('the refusal is known', () => logLines.some((line) => line.includes('"state"')))
    await clock.advance(8_000)
    await pushed

    const trees = treesOf(await spans())
    const [push, batch] = ['push', 'batch'].map((one) => trees.find(({ name }) => name === one))
    assert.partialDeepStrictEqual(push, {
      name: 'push',
      failed: true,
      attributes: {
        'pubsub_mixpanel.settlement': 'nack',
        'pubsub_mixpanel.reason': 'misconfigured',
        'http.response.status_code': 503,
        'error.type': 'misconfigured',
      },
    })
    assert.partialDeepStrictEqual(batch?.children[0], {
      name: 'mixpanel import',
      failed: true,
      attributes: {
        'pubsub_mixpanel.verdict': 'misconfigured',
        'http.response.status_code': 401,
        'error.type': '401',
      },
    })
  })

  it('have a request for each attempt, the unanswered ones too', async (t) => {
    const clock = createFakeClock(Date.now())
    const env = { PUSH_ACK_DEADLINE_SECONDS: '600' }
    const { pusher, mixpanel, spans } = await startTraced(t, { clock, env })
    mixpanel.answerNext(1, { kind: 'reset_before_import' })
    mixpanel.answerNext(1, { kind: 'status', status: 503 })
    let isAnswered = false

    const pushed = pusher.push({ data: GOOD }).finally(() => {
      isAnswered = true
    })
    await until('it is imported', async () => {
      await clock.advance(100)
      return isAnswered
    })
    await pushed

    const batch = treesOf(await spans()).find(({ name }) => name === 'batch')
    assert.deepEqual(
      batch?.children.map(({ failed, attributes }) => [
        failed,
        attributes['pubsub_mixpanel.verdict'],
        attributes['error.type'],
        attributes['http.request.resend_count'],
      ]),
      [
        [true, 'retry', 'mixpanel_unreachable:ECONNRESET', undefined],
        [true, 'retry', '503', 1],
        [false, 'imported', undefined, 2],
      ],
    )
  })

  it('have the requests of a bisection below one batch', async (t) => {
    const { pusher, mixpanel, spans } = await startTraced(t)
    mixpanel.answerNext(1, UNNAMED)

    await pusher.push({ data: [GOOD, GOOD, GOOD, GOOD].join('\n') })

    const batches = treesOf(await spans()).filter(({ name }) => name === 'batch')
    assert.equal(batches.length, 1)
    assert.deepEqual(verdictsOf(batches[0]), [
      ['refused', 4],
      ['imported', 2],
      ['imported', 2],
    ])
  })

  it('have the dead letters below the push', async (t) => {
    const { pusher, spans, deadLetters } = await startTraced(t)

    await pusher.push({ data: `${GOOD}\n${BAD}` })

    const push = treesOf(await spans()).find(({ name }) => name === 'push')
    assert.deepEqual(push?.children, [
      {
        name: 'dead letters',
        kind: 'INTERNAL',
        failed: false,
        attributes: {
          'pubsub_mixpanel.events': 1,
          'pubsub_mixpanel.reasons': ['invalid_event'],
          'pubsub_mixpanel.store': 'file',
        },
        children: [],
      },
    ])
    assert.equal(push?.attributes['pubsub_mixpanel.reason'], 'dead_lettered')
    assert.doesNotMatch(JSON.stringify(await deadLetters()), /spanContext|traceId/)
  })

  it('are linked to one batch up to thirty-two pushes', async (t) => {
    const { pusher, mixpanel, service, spans } = await startTraced(t, {
      env: { DELIVERY_MAX_CONCURRENCY: '1', PUSH_ACK_DEADLINE_SECONDS: '60' },
    })
    mixpanel.answerNext(1, { kind: 'gate' })
    const first = pusher.push({ data: GOOD })
    await mixpanel.waitForRequests(1)

    const others = Array.from({ length: 40 }, () => pusher.push({ data: `${GOOD}\n${GOOD}` }))
    await until('their events wait', async () => {
      return (await service.metrics.text()).includes('pubsub_mixpanel_events_pending 81')
    })
    mixpanel.release()
    await Promise.all([first, ...others])

    const batches = (await spans()).filter(({ name }) => name === 'batch')
    for (const { attributes, links } of batches) {
      const pushes = Math.ceil(Number(attributes['pubsub_mixpanel.events']) / 2)
      assert.equal(links.length, Math.min(pushes, 32))
      assert.equal(new Set(linkedIn({ links })).size, links.length)
    }
  })
})

describe('the spans at shutdown', () => {
  it('are exported before the service is closed', async (t) => {
    const { pusher, mixpanel, service, exported } = await startTraced(t)
    mixpanel.answerAlways({ kind: 'gate' })
    const waiting = pusher.push({ data: GOOD })
    await mixpanel.waitForRequests(1)

    const closed = service.close()
    mixpanel.answerAlways('normally')
    mixpanel.release()
    await closed

    assert.equal((await waiting).status, 204)
    assert.deepEqual(
      exported()
        .map(({ name }) => name)
        .sort(),
      ['batch', 'mixpanel import', 'push'],
    )
  })

  it('have failed with the pushes that are given back', async (t) => {
    const clock = createFakeClock(Date.now())
    const { pusher, mixpanel, service, spans } = await startTraced(t, { clock })
    mixpanel.answerAlways({ kind: 'hang' })
    const waiting = pusher.push({ data: GOOD })
    await mixpanel.waitForRequests(1)

    const closed = service.close()
    await clock.advance(ACK_DEADLINE_MS)
    const { status } = await waiting
    await clock.advance(ACK_DEADLINE_MS)
    await closed

    assert.equal(status, 503)
    const push = treesOf(await spans()).find(({ name }) => name === 'push')
    assert.equal(push?.failed, true)
    assert.equal(push?.attributes['pubsub_mixpanel.settlement'], 'nack')
  })

  for (const [what, flush] of [
    ['is down', () => Promise.reject(new Error('no collector'))],
    ['never answers', () => new Promise<void>(() => {})],
  ] as const) {
    it(`do not delay it when the collector ${what}`, async (t) => {
      const { tracing } = createTraced()
      const { pusher, service } = await startWorld(t, {
        clock: createScaledClock(50),
        env: { PUSH_AUTH: 'none' },
        deps: { tracing: { tracer: tracing.tracer, flush } },
      })
      await pusher.push({ data: GOOD })

      await settled('the close', service.close())
    })
  }
})

describe('a process without an SDK', () => {
  it('has no tracing', () => {
    assert.equal(findTracing(), undefined)
  })
})

async function startTraced(t: TestContext, options: WorldOptions = {}) {
  const { tracing, spans, exported } = createTraced()
  const world = await startWorld(t, { ...options, deps: { ...options.deps, tracing } })
  return { ...world, spans, exported }
}

function verdictsOf(batch: SpanTree | undefined): readonly unknown[] {
  return (batch?.children ?? []).map(({ attributes }) => [
    attributes['pubsub_mixpanel.verdict'],
    attributes['pubsub_mixpanel.events'],
  ])
}
