import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { PullSettings } from '../../../src/local/pubsub/subscription-settings.ts'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../../src/local/pubsub-stand-in.ts'
import { startPubsub } from '../../helpers/pubsub.ts'
import { createHandTime } from '../hand-time.ts'
import { TOPIC } from './start-subscription.ts'

const NAME = 'projects/p1/subscriptions/letters'
const POLICY = { deadLetterTopic: LOCAL_DEAD_LETTER_TOPIC, maxDeliveryAttempts: 5 }

interface Received {
  readonly ackId: string
  readonly deliveryAttempt?: number
  readonly message: Readonly<Record<string, unknown>>
}

/** A pull subscription in a world whose time stands still, over the REST API. */
async function startPull(t: TestContext, settings: Partial<PullSettings> = {}) {
  const time = createHandTime()
  const pubsub = await startPubsub(t, { time, random: () => 0.5 })
  pubsub.createTopic(TOPIC)
  const subscription = pubsub.createPullSubscription(NAME, { topic: TOPIC, ...settings })
  return { pubsub, subscription, time, publish, post, pull, texts }

  function publish(...data: readonly string[]): void {
    pubsub.publish(
      TOPIC,
      data.map((one) => ({ data: one })),
    )
  }

  async function post(method: string, body: unknown, name = NAME) {
    const answer = await fetch(`${pubsub.url}/v1/${name}:${method}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: JSON.parse(await answer.text()) }
  }

  async function pull(maxMessages = 1_000): Promise<readonly Received[]> {
    const { status, body } = await post('pull', { maxMessages })
    assert.equal(status, 200)
    return body.receivedMessages ?? []
  }

  async function texts(maxMessages?: number): Promise<readonly string[]> {
    return (await pull(maxMessages)).map(textOf)
  }
}

function textOf({ message }: Received): string {
  return Buffer.from(String(message.data ?? ''), 'base64').toString()
}

function idsOf(received: readonly Received[]): readonly string[] {
  return received.map(({ ackId }) => ackId)
}

describe('a pull subscription of the stand-in', () => {
  it('hands out each message once, and forgets what is acked', async (t) => {
    const { pubsub, subscription, pull, post, time } = await startPull(t)
    const [messageId] = pubsub.publish(TOPIC, [{ data: 'é', attributes: { a: 'b' } }])
    const publishTime = new Date(time.now()).toISOString()

    const received = await pull()

    const message = { data: 'w6k=', attributes: { a: 'b' }, messageId, publishTime }
    assert.deepEqual(received, [{ ackId: received[0]?.ackId, message }])
    assert.deepEqual(await pull(), [])
    assert.deepEqual(await post('acknowledge', { ackIds: idsOf(received) }), {
      status: 200,
      body: {},
    })
    await time.advance(600_000)
    assert.deepEqual(await pull(), [])
    assert.equal(subscription.backlog(), 0)
    assert.equal(time.pending(), 0)
    assert.deepEqual(subscription.stats(), { pulls: 3, acks: 1, returns: 0, deadLettered: 0 })
  })

  it('leaves out what is empty, as proto3 does', async (t) => {
    const { pubsub, pull, post } = await startPull(t)
    assert.deepEqual(await post('pull', { maxMessages: 1 }), { status: 200, body: {} })
    pubsub.publish(TOPIC, [{ attributes: { a: 'b' } }])

    const [received] = await pull()

    assert.deepEqual(Object.keys(received?.message ?? {}), [
      'attributes',
      'messageId',
      'publishTime',
    ])
  })

  it('hands out at most as many as were asked for, and 1,000', async (t) => {
    const { publish, texts } = await startPull(t)
    publish(...Array.from({ length: 1_005 }, (_, at) => String(at)))

    assert.deepEqual(await texts(3), ['0', '1', '2'])
    assert.equal((await texts(5_000)).length, 1_000)
    assert.equal((await texts()).length, 2)
  })

  it('hands a message out again when its lease ends, and a late ack acks nothing', async (t) => {
    const { publish, pull, texts, post, time, subscription } = await startPull(t)
    publish('a')
    const received = await pull()
    await time.advance(9_999)
    assert.deepEqual(await texts(), [])
    await time.advance(1)

    const late = await post('acknowledge', { ackIds: idsOf(received) })

    assert.equal(late.status, 200)
    assert.deepEqual(await texts(), ['a'])
    assert.deepEqual([subscription.outstanding(), subscription.backlog()], [1, 1])
  })

  it('lets a lease be extended, from the moment of the request', async (t) => {
    const { publish, pull, texts, post, time } = await startPull(t)
    publish('a')
    const ackIds = idsOf(await pull())
    await time.advance(9_000)

    await post('modifyAckDeadline', { ackIds, ackDeadlineSeconds: 60 })

    await time.advance(59_999)
    assert.deepEqual(await texts(), [])
    await time.advance(1)
    assert.deepEqual(await texts(), ['a'])
  })

  it('hands a message that is given back out at once, or after the back-off of its policy', async (t) => {
    const plain = await startPull(t)
    const retryPolicy = { minimumBackoff: '10s', maximumBackoff: '60s' }
    const slow = await startPull(t, { retryPolicy })

    for (const { publish, pull, post } of [plain, slow]) {
      publish('a')
      await post('modifyAckDeadline', { ackIds: idsOf(await pull()), ackDeadlineSeconds: 0 })
    }

    assert.deepEqual(await plain.texts(), ['a'])
    assert.deepEqual(await slow.texts(), [])
    await slow.time.advance(15_000)
    assert.deepEqual(await slow.texts(), ['a'])
  })

  it('counts attempts under a dead-letter policy, and forwards what came back too often', async (t) => {
    const { publish, pull, post, pubsub, subscription } = await startPull(t, {
      deadLetterPolicy: POLICY,
    })
    publish('a')

    const attempts: unknown[] = []
    for (let time = 0; time < 5; time += 1) {
      const received = await pull()
      attempts.push(received[0]?.deliveryAttempt)
      await post('modifyAckDeadline', { ackIds: idsOf(received), ackDeadlineSeconds: 0 })
    }

    assert.deepEqual(attempts, [1, 2, 3, 4, 5])
    assert.deepEqual(await pull(), [])
    assert.equal(subscription.backlog(), 0)
    const [copy] = pubsub.messages()
    assert.equal(copy?.attributes.CloudPubSubDeadLetterSourceDeliveryCount, '5')
    assert.equal(copy?.attributes.CloudPubSubDeadLetterSourceSubscription, 'letters')
  })

  it('gets its own copy beside a push subscription', async (t) => {
    const { pubsub, publish, texts } = await startPull(t)
    const push = pubsub.createSubscription('projects/p1/subscriptions/push', {
      topic: TOPIC,
      pushConfig: { pushEndpoint: 'http://127.0.0.1:1/push' },
    })

    publish('a')

    assert.deepEqual(await texts(), ['a'])
    assert.equal(push.backlog(), 1)
  })
})

describe('a pull subscription with ordering', () => {
  async function startOrdered(t: TestContext) {
    const scene = await startPull(t, { enableMessageOrdering: true })
    scene.pubsub.publish(
      TOPIC,
      ['k1', 'k2', 'k3', 'l1', ''].map((data) => ({ data, orderingKey: data.slice(0, 1) || '' })),
    )
    return scene
  }

  it('hands out one batch of a key at a time, in order', async (t) => {
    const { texts, pull, post } = await startOrdered(t)

    const first = await pull(3)
    assert.deepEqual(first.map(textOf), ['', 'k1', 'k2'])
    assert.deepEqual(await texts(), ['l1'])
    await post('acknowledge', { ackIds: idsOf(first).slice(0, 2) })
    assert.deepEqual(await texts(), [])
    await post('acknowledge', { ackIds: idsOf(first).slice(2) })

    assert.deepEqual(await texts(), ['k3'])
  })

  it('hands all later ones of a key out again with one that came back, acked or not', async (t) => {
    const { texts, pull, post, subscription } = await startOrdered(t)
    const received = await pull()
    const [, k1 = '', k2 = '', k3 = ''] = idsOf(received)
    await post('acknowledge', { ackIds: [k1, k3] })

    await post('modifyAckDeadline', { ackIds: [k2], ackDeadlineSeconds: 0 })

    assert.deepEqual(await texts(), ['k2', 'k3'])
    assert.equal(subscription.backlog(), 4)
  })
})

describe('a pull subscription with exactly-once delivery', () => {
  it('refuses an ack whose lease has ended, and names its id', async (t) => {
    const { publish, pull, post, time, subscription } = await startPull(t, {
      enableExactlyOnceDelivery: true,
    })
    publish('a', 'b')
    const [late = ''] = idsOf(await pull(1))
    await time.advance(10_000)
    const [good = ''] = idsOf(await pull(1))

    const { status, body } = await post('acknowledge', { ackIds: [late, good] })

    assert.equal(status, 400)
    assert.deepEqual(body.error.details[0].metadata, { [late]: 'PERMANENT_FAILURE_INVALID_ACK_ID' })
    assert.equal(subscription.stats().acks, 1)
  })
})

describe('the REST API of a pull subscription', () => {
  it('creates one without a push endpoint, and shows it', async (t) => {
    const { pubsub } = await startPull(t)
    const name = 'projects/p1/subscriptions/other'
    const settings = { topic: TOPIC, pushConfig: {}, ackDeadlineSeconds: 60, expirationPolicy: {} }
    const url = `${pubsub.url}/v1/${name}`

    const created = await fetch(url, { method: 'PUT', body: JSON.stringify(settings) })

    assert.deepEqual(await created.json(), { name, ...settings })
    assert.deepEqual(await (await fetch(url)).json(), { name, ...settings })
    assert.equal(pubsub.pullSubscription(name).backlog(), 0)
    assert.throws(() => pubsub.pullSubscription('projects/p1/subscriptions/none'), /no pull/)
    assert.throws(() => pubsub.createPullSubscription(name, { topic: TOPIC }), /already exists/)
  })

  const refusals: readonly (readonly [what: string, method: string, body: object])[] = [
    ['no number of messages', 'pull', {}],
    ['no message', 'pull', { maxMessages: 0 }],
    ['half a message', 'pull', { maxMessages: 1.5 }],
    ['no ack ids', 'acknowledge', { ackIds: [] }],
    ['ack ids that are no texts', 'acknowledge', { ackIds: [1] }],
    ['a deadline of 601 s', 'modifyAckDeadline', { ackIds: ['a'], ackDeadlineSeconds: 601 }],
    ['no deadline', 'modifyAckDeadline', { ackIds: ['a'] }],
    ['more than 512 KiB of ack ids', 'acknowledge', { ackIds: ['x'.repeat(524_288)] }],
  ]
  for (const [what, method, body] of refusals) {
    it(`refuses ${what}`, async (t) => {
      const { post } = await startPull(t)

      const answer = await post(method, body)

      assert.deepEqual([answer.status, answer.body.error.status], [400, 'INVALID_ARGUMENT'])
    })
  }

  it('pulls from no push subscription, and from none that is missing', async (t) => {
    const { pubsub, post } = await startPull(t)
    const push = 'projects/p1/subscriptions/push'
    const pushConfig = { pushEndpoint: 'http://127.0.0.1:1/push' }
    pubsub.createSubscription(push, { topic: TOPIC, pushConfig })

    const answers = [
      await post('pull', { maxMessages: 1 }, push),
      await post('acknowledge', { ackIds: ['a'] }, 'projects/p1/subscriptions/none'),
    ]

    assert.deepEqual(
      answers.map(({ body }) => body.error.status),
      ['FAILED_PRECONDITION', 'NOT_FOUND'],
    )
  })
})
