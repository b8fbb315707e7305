import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { PubsubStandIn, PubsubStandInOptions } from '../../../src/local/pubsub-stand-in.ts'
import { startPubsub } from '../../helpers/pubsub.ts'
import { until } from '../../helpers/until.ts'
import { createHandTime } from '../hand-time.ts'
import { startEndpoint } from '../start-endpoint.ts'
import { SUBSCRIPTION, TOPIC } from './start-subscription.ts'

const NOWHERE = { pushEndpoint: 'http://127.0.0.1:1/push' }
const VALID = { topic: TOPIC, pushConfig: NOWHERE }
const DEAD = 'projects/p1/topics/dead'

async function ask({ url }: PubsubStandIn, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${url}${path}`, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: answer.status, body: JSON.parse(await answer.text()) }
}

async function startWithTopics(t: TestContext, options: PubsubStandInOptions = {}) {
  const pubsub = await startPubsub(t, { time: createHandTime(), ...options })
  for (const topic of [TOPIC, DEAD]) {
    assert.equal((await ask(pubsub, 'PUT', `/v1/${topic}`)).status, 200)
  }
  return pubsub
}

describe('the REST API of the stand-in', () => {
  it('creates a topic and a subscription that what is published is pushed to', async (t) => {
    const { url: pushEndpoint, received } = await startEndpoint(t)
    const pubsub = await startWithTopics(t)
    const settings = {
      topic: TOPIC,
      pushConfig: { pushEndpoint },
      ackDeadlineSeconds: 60,
      retryPolicy: { minimumBackoff: '10s', maximumBackoff: '600s' },
      deadLetterPolicy: { deadLetterTopic: DEAD, maxDeliveryAttempts: 5 },
      enableMessageOrdering: true,
      local: { form: 'eventarc' },
    }

    const created = await ask(pubsub, 'PUT', `/v1/${SUBSCRIPTION}`, settings)
    const messages = [{ data: 'YQ==', attributes: { a: 'b' }, orderingKey: 'k' }]
    const published = await ask(pubsub, 'POST', `/v1/${TOPIC}:publish`, { messages })
    await until('the push', () => received.length === 1)

    assert.deepEqual(created, { status: 200, body: { name: SUBSCRIPTION, ...settings } })
    assert.deepEqual(await ask(pubsub, 'GET', `/v1/${SUBSCRIPTION}`), created)
    const { deliveryAttempt, message } = JSON.parse(received[0]?.body ?? '')
    assert.equal(deliveryAttempt, 1)
    assert.partialDeepStrictEqual(message, {
      data: 'YQ==',
      attributes: { a: 'b' },
      orderingKey: 'k',
      messageId: published.body.messageIds[0],
    })
  })

  it('shows a person the statistics of all subscriptions', async (t) => {
    const pubsub = await startWithTopics(t)
    await ask(pubsub, 'PUT', `/v1/${SUBSCRIPTION}`, VALID)

    const { body } = await ask(pubsub, 'GET', '/local/subscriptions')

    assert.deepEqual(body, [
      { name: SUBSCRIPTION, ...pubsub.subscription(SUBSCRIPTION).stats(), backlog: 0 },
    ])
  })

  it('takes the settings of a subscription that change nothing here', async (t) => {
    const pubsub = await startWithTopics(t)
    const more = { labels: { a: 'b' }, messageRetentionDuration: '600s', expirationPolicy: {} }

    const { status } = await ask(pubsub, 'PUT', `/v1/${SUBSCRIPTION}`, { ...VALID, ...more })

    assert.equal(status, 200)
  })

  for (const [what, settings] of [
    ['the shortest ack deadline', { ackDeadlineSeconds: 10 }],
    ['the longest ack deadline', { ackDeadlineSeconds: 600 }],
    ['the default ack deadline', { ackDeadlineSeconds: 0 }],
    [
      'the most attempts',
      { deadLetterPolicy: { deadLetterTopic: DEAD, maxDeliveryAttempts: 100 } },
    ],
    ['the default attempts', { deadLetterPolicy: { deadLetterTopic: DEAD } }],
    ['no back-off', { retryPolicy: { minimumBackoff: '0s', maximumBackoff: '0s' } }],
    ['a back-off with a fraction', { retryPolicy: { minimumBackoff: '1.5s' } }],
  ] as const) {
    it(`takes ${what}`, async (t) => {
      const pubsub = await startWithTopics(t)

      const { status } = await ask(pubsub, 'PUT', `/v1/${SUBSCRIPTION}`, { ...VALID, ...settings })

      assert.equal(status, 200)
    })
  }

  const refusals: readonly (readonly [what: string, settings: unknown, text: RegExp])[] = [
    ['a body that is no JSON', '{', /JSON/],
    ['a body that is no object', [], /'subscription': must be an object/],
    ['no topic', { pushConfig: NOWHERE }, /'subscription.topic'/],
    ['a topic without its full name', { ...VALID, topic: 'events' }, /projects\/PROJECT/],
    [
      'exactly-once delivery of pushes',
      { ...VALID, enableExactlyOnceDelivery: true },
      /not supported for push/,
    ],
    ['an endpoint that is no URL', { ...VALID, pushConfig: { pushEndpoint: 'push' } }, /a URL/],
    ['an endpoint with TLS', { ...VALID, pushConfig: { pushEndpoint: 'https://a.test/' } }, /TLS/],
    [
      'a token without a service account',
      { ...VALID, pushConfig: { ...NOWHERE, oidcToken: {} } },
      /serviceAccountEmail/,
    ],
    [
      'a token when nobody signs any',
      { ...VALID, pushConfig: { ...NOWHERE, oidcToken: { serviceAccountEmail: 'a@b.test' } } },
      /no issuer to sign/,
    ],
    ['an ack deadline of 9 s', { ...VALID, ackDeadlineSeconds: 9 }, /from 10 to 600/],
    ['an ack deadline of 601 s', { ...VALID, ackDeadlineSeconds: 601 }, /from 10 to 600/],
    ['half a second of ack deadline', { ...VALID, ackDeadlineSeconds: 10.5 }, /a whole number/],
    ['a back-off in ms', { ...VALID, retryPolicy: { minimumBackoff: '10ms' } }, /"0s" to "600s"/],
    ['a back-off of 601 s', { ...VALID, retryPolicy: { maximumBackoff: '601s' } }, /"600s"/],
    [
      'a maximum below the minimum',
      { ...VALID, retryPolicy: { maximumBackoff: '9s' } },
      /must not be less than minimumBackoff/,
    ],
    [
      'four attempts',
      { ...VALID, deadLetterPolicy: { deadLetterTopic: DEAD, maxDeliveryAttempts: 4 } },
      /from 5 to 100/,
    ],
    [
      '101 attempts',
      { ...VALID, deadLetterPolicy: { deadLetterTopic: DEAD, maxDeliveryAttempts: 101 } },
      /from 5 to 100/,
    ],
    [
      'its own topic for dead letters',
      { ...VALID, deadLetterPolicy: { deadLetterTopic: TOPIC } },
      /another topic/,
    ],
    ['an order that is no flag', { ...VALID, enableMessageOrdering: 'yes' }, /true or false/],
    ['a field that it does not know', { ...VALID, filter: 'x' }, /Unknown name "filter"/],
    ['a field called like a prototype', '{"__proto__":{}}', /Unknown name "__proto__"/],
    ['another form', { ...VALID, local: { form: 'raw' } }, /"wrapped" or "eventarc"/],
    ['a rate above 1', { ...VALID, local: { duplicates: { rate: 1.1 } } }, /from 0 to 1/],
    ['duplicates without a rate', { ...VALID, local: { duplicates: {} } }, /duplicates.rate/],
    [
      'duplicates before the ack',
      { ...VALID, local: { duplicates: { rate: 1, afterMs: -1 } } },
      /milliseconds from 0/,
    ],
    ['a window of none', { ...VALID, local: { initialWindow: 0 } }, /a whole number from 1/],
  ]
  for (const [what, settings, text] of refusals) {
    it(`refuses a subscription with ${what}, and says so`, async (t) => {
      const pubsub = await startWithTopics(t)

      const { status, body } = await ask(pubsub, 'PUT', `/v1/${SUBSCRIPTION}`, settings)

      assert.equal(status, 400)
      assert.equal(body.error.status, 'INVALID_ARGUMENT')
      assert.match(body.error.message, text)
      assert.equal((await ask(pubsub, 'GET', `/v1/${SUBSCRIPTION}`)).status, 404)
    })
  }

  for (const [what, settings] of [
    ['a topic', { ...VALID, topic: 'projects/p1/topics/none' }],
    [
      'a dead-letter topic',
      { ...VALID, deadLetterPolicy: { deadLetterTopic: 'projects/p1/topics/none' } },
    ],
  ] as const) {
    it(`does not find ${what} that is not there`, async (t) => {
      const pubsub = await startWithTopics(t)

      const { status, body } = await ask(pubsub, 'PUT', `/v1/${SUBSCRIPTION}`, settings)

      assert.equal(status, 404)
      assert.equal(body.error.status, 'NOT_FOUND')
      assert.match(body.error.message, /projects\/p1\/topics\/none/)
    })
  }

  for (const id of ['ab', '1abc', 'goog-events', 'a$b', 'x'.repeat(256)]) {
    it(`refuses to call anything ${id.slice(0, 12)}`, async (t) => {
      const pubsub = await startWithTopics(t)

      const answers = [
        await ask(pubsub, 'PUT', `/v1/projects/p1/topics/${id}`),
        await ask(pubsub, 'PUT', `/v1/projects/p1/subscriptions/${id}`, VALID),
      ]

      for (const { status, body } of answers) {
        assert.equal(status, 400)
        assert.match(body.error.message, /^Invalid \[(topics|subscriptions)\] name/)
      }
    })
  }

  for (const id of ['abc', 'x'.repeat(255), 'A-9_.~+%']) {
    it(`takes ${id.slice(0, 12)} for a name`, async (t) => {
      const pubsub = await startPubsub(t)
      const topic = `projects/p1/topics/${id}`

      pubsub.createTopic(topic)

      assert.deepEqual(pubsub.messages(topic), [])
    })
  }

  it('creates nothing twice', async (t) => {
    const pubsub = await startWithTopics(t)
    await ask(pubsub, 'PUT', `/v1/${SUBSCRIPTION}`, VALID)

    const answers = [
      await ask(pubsub, 'PUT', `/v1/${TOPIC}`),
      await ask(pubsub, 'PUT', `/v1/${SUBSCRIPTION}`, VALID),
    ]

    for (const { status, body } of answers) {
      assert.equal(status, 409)
      assert.equal(body.error.status, 'ALREADY_EXISTS')
    }
  })

  it('does not publish to a topic that is not there', async (t) => {
    const pubsub = await startPubsub(t)
    const messages = [{ data: 'YQ==' }]

    const { status } = await ask(pubsub, 'POST', `/v1/${TOPIC}:publish`, { messages })

    assert.equal(status, 404)
  })

  it('misbehaves, when it is told to, about topics only', async (t) => {
    const pubsub = await startWithTopics(t)
    await ask(pubsub, 'PUT', `/v1/${SUBSCRIPTION}`, VALID)
    pubsub.answerNext(1, { kind: 'status', status: 503, body: {} })

    const paths = [SUBSCRIPTION, TOPIC, TOPIC]
    const statuses: number[] = []
    for (const path of paths) statuses.push((await ask(pubsub, 'GET', `/v1/${path}`)).status)

    assert.deepEqual(statuses, [200, 503, 200])
  })

  it('names a route that it does not know', async (t) => {
    const pubsub = await startWithTopics(t)

    const { status, body } = await ask(pubsub, 'POST', `/v1/${SUBSCRIPTION}:seek`)

    assert.equal(status, 404)
    assert.match(body.error.message, /POST .*:seek/)
  })
})

describe('the stand-in, from code', () => {
  it('throws what the REST API would answer', async (t) => {
    const pubsub = await startPubsub(t)

    assert.throws(() => pubsub.createTopic('events'), /Invalid \[topics\] name/)
    assert.throws(() => pubsub.createSubscription(SUBSCRIPTION, VALID), /not found/)
    assert.throws(() => pubsub.publish(TOPIC, [{ data: 'a' }]), /no topic projects/)
    assert.throws(() => pubsub.subscription(SUBSCRIPTION), /no subscription projects/)
  })

  it('keeps what is published to a topic that has no subscription, and only that', async (t) => {
    const pubsub = await startWithTopics(t)
    pubsub.publish(TOPIC, [{ data: 'a' }])
    pubsub.createSubscription(SUBSCRIPTION, VALID)
    pubsub.publish(TOPIC, [{ data: 'b' }])

    const kept = pubsub.messages(TOPIC).map(({ data }) => String(data))

    assert.deepEqual(kept, ['a'])
    assert.equal(pubsub.subscription(SUBSCRIPTION).backlog(), 1)
  })
})
