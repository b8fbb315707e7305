import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PushResult } from '../../../src/local/pubsub/push-stats.ts'
import type { TokenClaims } from '../../../src/local/pubsub/push-tokens.ts'
import { envelopeOf } from '../../../src/local/push-request.ts'
import { until } from '../../helpers/until.ts'
import { type Endpoint, startEndpoint } from '../start-endpoint.ts'
import { SUBSCRIPTION, startSubscription, TOPIC } from './start-subscription.ts'

const RETRY_POLICY = { minimumBackoff: '10s', maximumBackoff: '60s' }

describe('a push subscription', () => {
  it('pushes each message once, in the wrapped envelope, and forgets it when it is acked', async (t) => {
    const { pubsub, subscription, endpoint, waitForAnswers, time } = await startSubscription(t)

    const [messageId = ''] = pubsub.publish(TOPIC, [
      { data: 'é', attributes: { a: 'b' }, orderingKey: 'k' },
    ])
    assert.equal(subscription.backlog(), 1)
    await waitForAnswers(1)

    assert.equal(BigInt(messageId) > 2n ** 53n, true)
    const publishTime = new Date(time.now()).toISOString()
    const message = { data: 'é', attributes: { a: 'b' }, orderingKey: 'k', messageId, publishTime }
    assert.deepEqual(
      JSON.parse(endpoint.received[0]?.body ?? ''),
      envelopeOf(message, SUBSCRIPTION),
    )
    assert.match(endpoint.received[0]?.headers['user-agent'] ?? '', /^APIs-Google;/)
    assert.equal(endpoint.received[0]?.headers.authorization, undefined)
    assert.equal(subscription.backlog(), 0)
    assert.equal(time.pending(), 0)
    assert.deepEqual(subscription.stats(), {
      pushes: 1,
      acks: 1,
      nacks: {},
      redeliveries: 0,
      duplicates: 0,
      deadLettered: 0,
    })
  })

  it('answers with the ids before anything is pushed', async (t) => {
    const { publish, story, waitForAnswers } = await startSubscription(t)

    const ids = publish('a', 'b')

    assert.equal(new Set(ids).size, 2)
    assert.deepEqual(story, [])
    await waitForAnswers(2)
  })

  it('gets its own copy of a message of its topic', async (t) => {
    const { pubsub, publish, endpoint } = await startSubscription(t)
    const other = 'projects/p1/subscriptions/other'
    pubsub.createSubscription(other, { topic: TOPIC, pushConfig: { pushEndpoint: endpoint.url } })

    publish('a')
    await endpoint.waitFor(2)

    const named = endpoint.received.map(({ body }) => JSON.parse(body).subscription)
    assert.deepEqual(new Set(named), new Set([SUBSCRIPTION, other]))
  })

  it('uses a connection for one push after another', async (t) => {
    const { publish, endpoint, waitForAnswers } = await startSubscription(t, {
      settings: { local: { initialWindow: 1 } },
    })

    publish('a')
    await waitForAnswers(1)
    publish('b')
    await waitForAnswers(2)

    assert.equal(endpoint.connections(), 1)
  })

  for (const answer of [200, 201, 202, 204, 'processing'] as const) {
    it(`takes ${answer === 'processing' ? 102 : answer} for an ack`, async (t) => {
      const { publish, story, waitForAnswers, subscription } = await startSubscription(t, {
        answerTo: () => answer,
      })

      publish('a')
      await waitForAnswers(1)

      const status = answer === 'processing' ? 102 : answer
      assert.deepEqual(story, ['pushed a 1', `answered a ${status}: ack`])
      assert.equal(subscription.backlog(), 0)
    })
  }

  for (const [what, answer, code] of [
    ['a problem', problem('{"code":"DEADLINE"}'), 'DEADLINE'],
    ['a problem without a code', problem('{}'), undefined],
    ['a code that is no stable one', problem('{"code":"a b"}'), undefined],
    ['a text that is no problem', { status: 503, body: '{"code":"DEADLINE"}' }, undefined],
  ] as const) {
    it(`notes the code in the answer of a nack: ${what}`, async (t) => {
      const results: PushResult[] = []
      const { publish, endpoint } = await startSubscription(t, {
        answerTo: () => answer,
        observer: { answered: (_message, result) => results.push(result) },
      })

      publish('a')
      await endpoint.waitFor(1)
      await until('a result', () => results.length === 1)

      const noted = { kind: 'answered', status: 503, ...(code !== undefined && { code }) }
      assert.deepEqual(results, [noted])
    })
  }

  for (const answer of [203, 205, 206, 302, 400, 429, 503, 'reset'] as const) {
    it(`takes ${answer} for a nack, and pushes the same message again`, async (t) => {
      const { publish, endpoint, story, waitForAnswers, subscription, time } =
        await startSubscription(t, { answerTo: (place) => (place === 0 ? answer : 204) })

      publish('a')
      await waitForAnswers(1)
      assert.equal(subscription.backlog(), 1)
      await time.advance(100)
      await waitForAnswers(2)

      const label = answer === 'reset' ? 'no_answer' : String(answer)
      assert.deepEqual(story, [
        'pushed a 1',
        `answered a ${label}: nack`,
        'pushed a 2',
        'answered a 204: ack',
      ])
      assert.equal(endpoint.received[0]?.body, endpoint.received[1]?.body)
      assert.partialDeepStrictEqual(subscription.stats(), {
        pushes: 2,
        acks: 1,
        nacks: { [label]: 1 },
        redeliveries: 1,
      })
    })
  }

  it('takes silence until its ack deadline for a nack, and ignores the late answer', async (t) => {
    const { publish, endpoint, story, waitForAnswers, subscription, time } =
      await startSubscription(t, {
        settings: { ackDeadlineSeconds: 20 },
        answerTo: (place) => (place === 0 ? 'later' : 204),
      })
    publish('a')
    await endpoint.waitFor(1)

    await time.advance(19_999)
    assert.deepEqual(story, ['pushed a 1'])
    await time.advance(1)
    assert.deepEqual(story, ['pushed a 1', 'answered a deadline: nack'])
    assert.equal(subscription.outstanding(), 0)
    assert.equal(subscription.window(), 2)
    endpoint.received[0]?.answer({ status: 204 })
    await time.advance(100)
    await waitForAnswers(2)

    assert.deepEqual(story.slice(2), ['pushed a 2', 'answered a 204: ack'])
    assert.equal(subscription.stats().acks, 1)
    assert.deepEqual(subscription.stats().nacks, { deadline: 1 })
  })

  it('has an ack deadline of ten seconds unless told otherwise', async (t) => {
    const { publish, endpoint, story, time } = await startSubscription(t, {
      answerTo: () => 'later',
    })
    publish('a')
    await endpoint.waitFor(1)

    await time.advance(9_999)
    assert.equal(story.length, 1)
    await time.advance(1)

    assert.equal(story[1], 'answered a deadline: nack')
  })

  it('leaves the connection open when it gives a push up, so that the work goes on', async (t) => {
    const { publish, endpoint, waitForAnswers, time } = await startSubscription(t, {
      answerTo: (place) => (place === 0 ? 'later' : 204),
    })
    publish('a')
    await endpoint.waitFor(1)

    await time.advance(10_100)
    await waitForAnswers(2)

    assert.equal(endpoint.received[0]?.isOpen(), true)
    assert.equal(endpoint.connections(), 2)
  })

  it('redelivers by its retry policy, twice as late with each nack', async (t) => {
    const { publish, story, waitForAnswers, time } = await startSubscription(t, {
      settings: { retryPolicy: RETRY_POLICY },
      answerTo: () => 503,
      standIn: { random: () => 0 },
    })
    publish('a')

    for (const [attempt, waitedMs] of [10_000, 20_000, 40_000, 60_000, 60_000].entries()) {
      await waitForAnswers(attempt + 1)
      await time.advance(waitedMs - 1)
      assert.equal(story.at(-1), 'answered a 503: nack')
      await time.advance(1)
      assert.equal(
        story.filter((one) => one.startsWith('pushed')).at(-1),
        `pushed a ${attempt + 2}`,
      )
    }
  })

  it('waits for its retry policy or its back-off, whichever is longer', async (t) => {
    const { publish, waitForAnswers, subscription, time } = await startSubscription(t, {
      settings: { retryPolicy: { minimumBackoff: '0.15s', maximumBackoff: '0.15s' } },
      answerTo: () => 503,
    })
    publish('a')

    for (const [nacks, waitedMs] of [150, 200, 400].entries()) {
      await waitForAnswers(nacks + 1)
      await time.advance(waitedMs - 1)
      assert.equal(subscription.stats().pushes, nacks + 1)
      await time.advance(1)
      assert.equal(subscription.stats().pushes, nacks + 2)
    }
  })

  it('sends nothing new while its back-off lasts', async (t) => {
    const { publish, endpoint, waitForAnswers, time, subscription } = await startSubscription(t, {
      answerTo: (place) => (place < 2 ? 503 : 204),
      settings: { local: { initialWindow: 1 } },
    })
    publish('a')
    await waitForAnswers(1)
    assert.equal(subscription.backoffMs(), 100)
    publish('b')
    await time.advance(99)
    assert.equal(endpoint.received.length, 1)
    await time.advance(1)
    await waitForAnswers(2)
    assert.equal(subscription.backoffMs(), 200)
    await time.advance(199)
    assert.equal(subscription.stats().pushes, 2)
    await time.advance(1)
    await waitForAnswers(4)

    assert.equal(subscription.backoffMs(), 0)
    assert.equal(subscription.backlog(), 0)
  })

  it('never has more pushes under way than its window, which acks double and a nack halves', async (t) => {
    const { publish, endpoint, waitForAnswers, subscription } = await startSubscription(t, {
      answerTo: () => 'later',
    })
    publish(...Array.from({ length: 30 }, (_, n) => `m${n}`))

    await endpoint.waitFor(4)
    assert.equal(subscription.outstanding(), 4)
    for (const push of endpoint.received.slice(0, 4)) push.answer({ status: 204 })
    await waitForAnswers(4)
    await endpoint.waitFor(12)
    assert.equal(subscription.window(), 8)
    assert.equal(subscription.outstanding(), 8)
    endpoint.received[4]?.answer({ status: 500 })
    await waitForAnswers(5)

    assert.equal(subscription.window(), 4)
    assert.equal(subscription.outstanding(), 7)
    assert.equal(subscription.stats().pushes, 12)
  })

  it('carries one token of its service account, until that nears its end after an hour', async (t) => {
    const asked: TokenClaims[] = []
    const pushToken = (claims: TokenClaims): string => `token-${asked.push(claims)}`
    const { publish, endpoint, time, waitForAnswers } = await startSubscription(t, {
      oidcToken: { serviceAccountEmail: 'push@p1.test', audience: 'https://service.test' },
      standIn: { pushToken },
    })

    for (const [place, waitedMs] of [0, 0, 54 * 60_000, 60_000].entries()) {
      await time.advance(waitedMs)
      publish('a')
      await waitForAnswers(place + 1)
    }

    assert.deepEqual(
      endpoint.received.map(({ headers }) => headers.authorization),
      ['Bearer token-1', 'Bearer token-1', 'Bearer token-1', 'Bearer token-2'],
    )
    const claims = { audience: 'https://service.test', email: 'push@p1.test' }
    assert.deepEqual(asked, [claims, claims])
  })

  it('asks for a token for its endpoint when it was given no audience', async (t) => {
    const audiences: string[] = []
    const { publish, subscription, endpoint, waitForAnswers } = await startSubscription(t, {
      oidcToken: { serviceAccountEmail: 'push@p1.test' },
      standIn: { pushToken: async ({ audience }) => `token-${audiences.push(audience)}` },
    })
    publish('a')
    await waitForAnswers(1)

    subscription.setEndpoints(`${endpoint.url}?moved`)
    publish('b')
    await waitForAnswers(2)

    assert.deepEqual(audiences, [endpoint.url, `${endpoint.url}?moved`])
    assert.equal(endpoint.received[1]?.headers.authorization, 'Bearer token-2')
  })

  it('pushes in the form of Eventarc when it is told to', async (t) => {
    const { publish, endpoint, waitForAnswers } = await startSubscription(t, {
      settings: { local: { form: 'eventarc' } },
    })

    const [id] = publish('a')
    await waitForAnswers(1)

    assert.partialDeepStrictEqual(endpoint.received[0]?.headers, {
      'content-type': 'application/json; charset=utf-8',
      'ce-source': `//pubsub.googleapis.com/${TOPIC}`,
      'ce-id': id,
    })
  })

  it('counts delivery attempts in its pushes only under a dead-letter policy', async (t) => {
    const attempts: unknown[][] = [[], []]
    for (const [place, settings] of [
      { deadLetterPolicy: { deadLetterTopic: 'projects/local-project/topics/events-dead' } },
      {},
    ].entries()) {
      const { publish, endpoint, waitForAnswers, time } = await startSubscription(t, {
        settings,
        answerTo: (place) => (place === 0 ? 503 : 204),
      })
      publish('a')
      await waitForAnswers(1)
      await time.advance(100)
      await waitForAnswers(2)
      attempts[place] = endpoint.received.map(({ body }) => JSON.parse(body).deliveryAttempt)
    }

    assert.deepEqual(attempts, [
      [1, 2],
      [undefined, undefined],
    ])
  })

  it('forwards a message to the dead-letter topic after its last nack', async (t) => {
    const { pubsub, subscription, story, waitForAnswers, time } = await startSubscription(t, {
      settings: {
        deadLetterPolicy: {
          deadLetterTopic: 'projects/local-project/topics/events-dead',
          maxDeliveryAttempts: 5,
        },
      },
      answerTo: () => 422,
    })
    const publishTime = new Date(time.now()).toISOString()
    const [id] = pubsub.publish(TOPIC, [{ data: 'a', attributes: { x: 'y' } }])

    for (let attempt = 1; attempt <= 5; attempt++) {
      await waitForAnswers(attempt)
      await time.advance(subscription.backoffMs())
    }

    const [copy, ...more] = pubsub.messages()
    assert.deepEqual(more, [])
    assert.notEqual(copy?.messageId, id)
    assert.equal(String(copy?.data), 'a')
    assert.deepEqual(copy?.attributes, {
      x: 'y',
      CloudPubSubDeadLetterSourceDeliveryCount: '5',
      CloudPubSubDeadLetterSourceSubscription: 'events-push',
      CloudPubSubDeadLetterSourceSubscriptionProject: 'p1',
      CloudPubSubDeadLetterSourceTopicPublishTime: publishTime,
    })
    assert.equal(story.at(-1), `forwarded a as ${copy?.messageId}`)
    assert.equal(subscription.backlog(), 0)
    assert.partialDeepStrictEqual(subscription.stats(), { pushes: 5, deadLettered: 1 })
  })

  it('holds what is new while it is paused, and goes on with it', async (t) => {
    const { publish, subscription, waitForAnswers } = await startSubscription(t)
    subscription.pause()
    publish('a')
    await Promise.resolve()
    assert.equal(subscription.outstanding(), 0)

    subscription.resume()
    assert.equal(subscription.outstanding(), 1)
    await waitForAnswers(1)
  })

  it('takes answers to what was under way while it is paused', async (t) => {
    const { publish, subscription, endpoint, waitForAnswers } = await startSubscription(t, {
      answerTo: () => 'later',
    })
    publish('a')
    await endpoint.waitFor(1)

    subscription.pause()
    endpoint.received[0]?.answer({ status: 204 })
    await waitForAnswers(1)

    assert.equal(subscription.backlog(), 0)
  })

  it('pushes to another endpoint from when it is told to', async (t) => {
    const { publish, subscription, endpoint, time, waitForAnswers } = await startSubscription(t)
    const { endpoint: other } = await startSubscription(t)
    publish('a')
    await waitForAnswers(1)
    await endpoint.close()
    publish('b')
    await waitForAnswers(2)

    subscription.setEndpoints(other.url)
    await time.advance(100)
    await waitForAnswers(3)

    assert.equal(JSON.parse(other.received[0]?.body ?? '').message.data, btoa('b'))
    assert.equal(subscription.settings().pushConfig.pushEndpoint, other.url)
    assert.deepEqual(subscription.stats().nacks, { no_answer: 1 })
  })

  it('spreads pushes over several endpoints, one for each push', async (t) => {
    // Each push draws its endpoint, and each ack whether the message comes again.
    const draws = [0.9, 1, 0.1, 1, 0.5]
    const { publish, subscription, endpoint, waitForAnswers } = await startSubscription(t, {
      settings: { local: { initialWindow: 1 } },
      standIn: { random: () => draws.shift() ?? 0 },
    })
    const other = await startEndpoint(t)

    subscription.setEndpoints(endpoint.url, other.url)
    for (const [place, data] of ['a', 'b', 'c'].entries()) {
      publish(data)
      await waitForAnswers(place + 1)
    }

    const dataAt = ({ received }: Endpoint) =>
      received.map(({ body }) => atob(JSON.parse(body).message.data))
    assert.deepEqual([dataAt(endpoint), dataAt(other)], [['b'], ['a', 'c']])
    assert.equal(subscription.settings().pushConfig.pushEndpoint, endpoint.url)
  })

  it('tells of an answer before it makes anything of it', async (t) => {
    const seen: number[] = []
    const { pubsub, endpoint } = await startSubscription(t)
    const watched = pubsub.createSubscription(
      'projects/p1/subscriptions/watched',
      { topic: TOPIC, pushConfig: { pushEndpoint: endpoint.url } },
      { answered: () => seen.push(watched.outstanding(), watched.backlog(), watched.stats().acks) },
    )

    pubsub.publish(TOPIC, [{ data: 'a' }])
    await until('it was told', () => seen.length > 0)

    assert.deepEqual(seen, [1, 1, 0])
  })

  it('sends nothing more when the stand-in is closed, and closes its connections', async (t) => {
    const { publish, pubsub, subscription, endpoint, time, story } = await startSubscription(t, {
      answerTo: () => 'later',
    })
    publish('a', 'b')
    await endpoint.waitFor(2)

    await pubsub.close()
    subscription.resume()
    await time.advance(600_000)
    await until('the connections are closed', () => endpoint.received.every((one) => !one.isOpen()))

    assert.deepEqual(story, ['pushed a 1', 'pushed b 1'])
    assert.equal(subscription.stats().pushes, 2)
  })
})

function problem(body: string) {
  return { status: 503, body, headers: { 'content-type': 'application/problem+json' } } as const
}
