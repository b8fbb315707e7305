import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DuplicateSettings } from '../../../src/local/pubsub/subscription-settings.ts'
import { type Scene, startSubscription } from './start-subscription.ts'

function duplicating(duplicates: DuplicateSettings) {
  return { local: { duplicates } }
}

function messagesAt({ endpoint }: Scene) {
  return endpoint.received.map(({ body }) => JSON.parse(body).message)
}

describe('duplicates', () => {
  it('are acked messages that come again after a while, and are acked for good then', async (t) => {
    const scene = await startSubscription(t, { settings: duplicating({ rate: 1, afterMs: 5_000 }) })
    scene.publish('a')
    await scene.waitForAnswers(1)
    assert.equal(scene.subscription.backlog(), 1)

    await scene.time.advance(4_999)
    assert.equal(scene.story.length, 2)
    await scene.time.advance(1)
    await scene.waitForAnswers(2)
    await scene.time.advance(600_000)

    assert.deepEqual(scene.story.slice(2), ['duplicate a', 'pushed a 1', 'answered a 204: ack'])
    const [first, second] = messagesAt(scene)
    assert.deepEqual(first, second)
    assert.equal(scene.subscription.backlog(), 0)
    assert.partialDeepStrictEqual(scene.subscription.stats(), {
      pushes: 2,
      acks: 2,
      redeliveries: 1,
      duplicates: 1,
    })
  })

  it('come as often as the rate says', async (t) => {
    const throws = [0.29, 0.9, 0.3, 0.299, 0.9]
    const scene = await startSubscription(t, {
      settings: duplicating({ rate: 0.3 }),
      standIn: { random: () => throws.shift() ?? 1 },
    })
    for (const [place, one] of ['a', 'b', 'c'].entries()) {
      scene.publish(one)
      await scene.waitForAnswers(place + 1)
    }

    await scene.time.advance(1_000)
    await scene.waitForAnswers(5)

    assert.deepEqual(
      scene.story.filter((one) => one.startsWith('duplicate')),
      ['duplicate a', 'duplicate c'],
    )
  })

  it('come under another publish time as often as their share says', async (t) => {
    const throws = [0, 0.49, 0, 0.5]
    const scene = await startSubscription(t, {
      settings: duplicating({ rate: 1, otherPublishTimeShare: 0.5, afterMs: 5_000 }),
      standIn: { random: () => throws.shift() ?? 1 },
    })
    const publishedAt = scene.time.now()
    for (const [place, one] of ['a', 'b'].entries()) {
      scene.publish(one)
      await scene.waitForAnswers(place + 1)
    }

    await scene.time.advance(5_000)
    await scene.waitForAnswers(4)

    assert.equal(scene.story.includes('duplicate a retimed'), true)
    assert.equal(scene.story.includes('duplicate b'), true)
    const messages = messagesAt(scene)
    const [again] = messages.slice(2).filter(({ data }) => data === btoa('a'))
    const [unchanged] = messages.slice(2).filter(({ data }) => data === btoa('b'))
    assert.equal(again.messageId, messages[0].messageId)
    assert.equal(again.publishTime, new Date(publishedAt + 5_000).toISOString())
    assert.equal(again.publish_time, again.publishTime)
    assert.deepEqual(unchanged, messages[1])
  })

  it('have another publish time even when they come at once', async (t) => {
    const scene = await startSubscription(t, {
      settings: duplicating({ rate: 1, otherPublishTimeShare: 1, afterMs: 0 }),
      standIn: { random: () => 0 },
    })
    const publishedAt = scene.time.now()
    scene.publish('a')
    await scene.waitForAnswers(1)

    await scene.time.advance(0)
    await scene.waitForAnswers(2)

    const [, again] = messagesAt(scene)
    assert.equal(again.publishTime, new Date(publishedAt + 1).toISOString())
  })

  it('come again like any message when they are nacked', async (t) => {
    const scene = await startSubscription(t, {
      settings: duplicating({ rate: 1, afterMs: 5_000 }),
      answerTo: (place) => (place === 1 ? 503 : 204),
    })
    scene.publish('a')
    await scene.waitForAnswers(1)

    await scene.time.advance(5_000)
    await scene.waitForAnswers(2)
    assert.equal(scene.subscription.backlog(), 1)
    await scene.time.advance(100)
    await scene.waitForAnswers(3)

    assert.equal(scene.subscription.backlog(), 0)
    assert.equal(scene.subscription.stats().duplicates, 1)
  })

  it('do not come without the setting', async (t) => {
    const scene = await startSubscription(t, { standIn: { random: () => 0 } })
    scene.publish('a')
    await scene.waitForAnswers(1)

    await scene.time.advance(600_000)

    assert.equal(scene.subscription.stats().pushes, 1)
  })
})
