import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../../src/local/pubsub-stand-in.ts'
import { until } from '../../helpers/until.ts'
import { createSeededRandom } from '../../helpers/virtual-time.ts'
import { startSubscription } from './start-subscription.ts'

const MESSAGES = 300
const POISON = 'poison'

describe('delivery under faults', () => {
  for (const seed of [1, 2, 3]) {
    it(`brings every message to an ack or a dead letter, within its window (seed ${seed})`, async (t) => {
      const random = createSeededRandom(seed)
      const pushed = new Set<string>()
      const excesses: number[] = []
      const { subscription, time, publish } = await startSubscription(t, {
        settings: {
          ackDeadlineSeconds: 600,
          retryPolicy: { minimumBackoff: '1s', maximumBackoff: '30s' },
          deadLetterPolicy: { deadLetterTopic: LOCAL_DEAD_LETTER_TOPIC, maxDeliveryAttempts: 5 },
          local: { duplicates: { rate: 0.1, otherPublishTimeShare: 0.5 } },
        },
        answerTo: (_, body) => {
          if (isPoison(body)) return 422
          return random() < 0.8 ? 204 : random() < 0.5 ? 503 : 'reset'
        },
        standIn: { random: createSeededRandom(seed + 100) },
        observer: { pushed: ({ messageId }) => note(messageId) },
      })
      const note = (messageId: string): void => {
        pushed.add(messageId)
        const excess = subscription.outstanding() - subscription.window()
        if (excess > 0) excesses.push(excess)
      }

      const ids = publish(...Array.from({ length: MESSAGES }, (_, n) => `m${n}`), POISON)
      while (subscription.backlog() > 0) {
        await until('all answers', () => subscription.outstanding() === 0)
        await time.advance(30_000)
      }

      const { pushes, acks, nacks, duplicates, deadLettered } = subscription.stats()
      assert.equal(acks + sumOf(nacks), pushes)
      assert.equal(acks + deadLettered, ids.length + duplicates)
      assert.equal(duplicates > 0 && deadLettered > 0, true)
      assert.deepEqual(pushed, new Set(ids))
      assert.deepEqual(excesses, [])
    })
  }
})

function isPoison(body: string): boolean {
  return JSON.parse(body).message.data === btoa(POISON)
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
