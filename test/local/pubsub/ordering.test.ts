import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../../src/local/pubsub-stand-in.ts'
import { until } from '../../helpers/until.ts'
import { type Scene, startSubscription, TOPIC } from './start-subscription.ts'

const ORDERED = { enableMessageOrdering: true }

function publishOrdered({ pubsub }: Scene, ...keysAndData: readonly [string, string][]): void {
  pubsub.publish(
    TOPIC,
    keysAndData.map(([orderingKey, data]) => ({ orderingKey, data })),
  )
}

function pushesIn({ story }: Scene): readonly string[] {
  return story.filter((one) => one.startsWith('pushed')).map((one) => one.split(' ')[1] ?? '')
}

describe('a subscription with ordering', () => {
  it('has one message of a key under way, and others beside it', async (t) => {
    const scene = await startSubscription(t, { settings: ORDERED, answerTo: () => 'later' })
    publishOrdered(scene, ['k', 'k1'], ['k', 'k2'], ['l', 'l1'], ['', 'free'])

    await scene.endpoint.waitFor(3)
    assert.deepEqual(pushesIn(scene), ['k1', 'l1', 'free'])
    scene.endpoint.received[0]?.answer({ status: 204 })
    await scene.endpoint.waitFor(4)

    assert.deepEqual(pushesIn(scene), ['k1', 'l1', 'free', 'k2'])
  })

  it('keeps the later ones of a key back until the earlier one is acked', async (t) => {
    const scene = await startSubscription(t, {
      settings: ORDERED,
      answerTo: (place) => (place === 0 ? 503 : 204),
    })
    publishOrdered(scene, ['k', 'k1'], ['k', 'k2'], ['k', 'k3'])

    await scene.waitForAnswers(1)
    await scene.time.advance(100)
    await scene.waitForAnswers(4)

    assert.deepEqual(pushesIn(scene), ['k1', 'k1', 'k2', 'k3'])
    assert.equal(scene.subscription.backlog(), 0)
  })

  it('goes on with a key whose earlier message has become a dead letter', async (t) => {
    const deadLetterPolicy = { deadLetterTopic: LOCAL_DEAD_LETTER_TOPIC, maxDeliveryAttempts: 5 }
    const scene = await startSubscription(t, {
      settings: { ...ORDERED, deadLetterPolicy },
      answerTo: (place) => (place < 5 ? 503 : 204),
    })
    publishOrdered(scene, ['k', 'k1'], ['k', 'k2'])

    for (let nacks = 1; nacks <= 5; nacks++) {
      await scene.waitForAnswers(nacks)
      await scene.time.advance(scene.subscription.backoffMs())
    }
    await scene.waitForAnswers(6)

    assert.deepEqual(pushesIn(scene), ['k1', 'k1', 'k1', 'k1', 'k1', 'k2'])
    assert.equal(scene.pubsub.messages()[0]?.orderingKey, 'k')
  })

  it('replays what was acked on a key after a message that comes again', async (t) => {
    const scene = await startSubscription(t, {
      settings: { ...ORDERED, local: { duplicates: { rate: 0.1, afterMs: 5_000 } } },
      standIn: { random: onlyOnce() },
    })
    publishOrdered(scene, ['k', 'k1'], ['k', 'k2'], ['l', 'l1'])
    await scene.waitForAnswers(3)
    assert.equal(scene.subscription.backlog(), 1)

    await scene.time.advance(5_000)
    await scene.waitForAnswers(5)
    publishOrdered(scene, ['k', 'k3'])
    await scene.waitForAnswers(6)

    assert.deepEqual(pushesIn(scene).slice(3), ['k1', 'k2', 'k3'])
    assert.equal(scene.subscription.backlog(), 0)
    assert.partialDeepStrictEqual(scene.subscription.stats(), { duplicates: 1, redeliveries: 2 })
  })

  it('lets the one under way end before it replays, and replays that one too', async (t) => {
    const scene = await startSubscription(t, {
      settings: { ...ORDERED, local: { duplicates: { rate: 0.1, afterMs: 5_000 } } },
      standIn: { random: onlyOnce() },
      answerTo: (place) => (place === 1 ? 'later' : 204),
    })
    publishOrdered(scene, ['k', 'k1'], ['k', 'k2'], ['k', 'k3'])
    await scene.endpoint.waitFor(2)

    await scene.time.advance(5_000)
    assert.deepEqual(pushesIn(scene), ['k1', 'k2'])
    scene.endpoint.received[1]?.answer({ status: 204 })
    await scene.waitForAnswers(5)

    assert.deepEqual(pushesIn(scene), ['k1', 'k2', 'k1', 'k2', 'k3'])
  })

  it('replays behind each of several that come again what is later than that one', async (t) => {
    const scene = await startSubscription(t, {
      settings: { ...ORDERED, local: { duplicates: { rate: 1, afterMs: 5_000 } } },
    })
    publishOrdered(scene, ['k', 'k1'], ['k', 'k2'], ['k', 'k3'])
    await scene.waitForAnswers(3)

    await scene.time.advance(5_000)
    await until('all is acked', () => scene.subscription.backlog() === 0)

    const again = pushesIn(scene).slice(3)
    assert.deepEqual(again, ['k1', 'k2', 'k3', 'k3', 'k2', 'k3'])
  })

  it('is not there without the setting', async (t) => {
    const scene = await startSubscription(t, { answerTo: () => 'later' })

    publishOrdered(scene, ['k', 'k1'], ['k', 'k2'])
    await scene.endpoint.waitFor(2)

    assert.deepEqual(pushesIn(scene), ['k1', 'k2'])
  })
})

/** Dice that fall below any rate at the first throw, and never again. */
function onlyOnce(): () => number {
  let thrown = 0
  return () => (thrown++ === 0 ? 0 : 0.999)
}
