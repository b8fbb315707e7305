import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ackDeadlineMsOf,
  deadLetterPolicyOf,
  retryPolicyOf,
} from '../../../src/local/pubsub/subscription-settings.ts'
import { TOPIC } from './start-subscription.ts'

const PUSH = { topic: TOPIC, pushConfig: { pushEndpoint: 'http://127.0.0.1:1/push' } }
const DEAD = { deadLetterTopic: 'projects/p1/topics/dead' }

describe('the settings of a subscription', () => {
  for (const [told, settings] of [
    ['nothing', {}],
    ['0', { ackDeadlineSeconds: 0 }],
  ] as const) {
    it(`have an ack deadline of ten seconds when they say ${told} of it`, () => {
      assert.equal(ackDeadlineMsOf({ ...PUSH, ...settings }), 10_000)
    })
  }

  for (const [told, attempts] of [
    ['nothing', {}],
    ['0', { maxDeliveryAttempts: 0 }],
  ] as const) {
    it(`have five delivery attempts when they say ${told} of them`, () => {
      const deadLetterPolicy = { ...DEAD, ...attempts }

      const policy = deadLetterPolicyOf({ ...PUSH, deadLetterPolicy })

      assert.deepEqual(policy, { ...DEAD, maxDeliveryAttempts: 5 })
    })
  }

  it('have a retry policy of 10 s to 600 s when it names neither', () => {
    assert.deepEqual(retryPolicyOf({ ...PUSH, retryPolicy: {} }), {
      minimumBackoffMs: 10_000,
      maximumBackoffMs: 600_000,
    })
  })

  it('have no retry policy and no dead-letter policy of their own accord', () => {
    assert.deepEqual([retryPolicyOf(PUSH), deadLetterPolicyOf(PUSH)], [undefined, undefined])
  })
})
