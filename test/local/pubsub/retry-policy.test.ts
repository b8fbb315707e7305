import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { redeliveryDelayMs } from '../../../src/local/pubsub/retry-policy.ts'

const POLICY = { minimumBackoffMs: 10_000, maximumBackoffMs: 600_000 }

describe('the retry policy of a message', () => {
  it('doubles the minimum with each nack, up to the maximum', () => {
    const delays = [1, 2, 3, 6, 7, 100].map((nacks) => redeliveryDelayMs(POLICY, nacks, () => 0))

    assert.deepEqual(delays, [10_000, 20_000, 40_000, 320_000, 600_000, 600_000])
  })

  it('adds up to as much again by chance', () => {
    assert.equal(
      redeliveryDelayMs(POLICY, 2, () => 0.5),
      30_000,
    )
  })

  it('stays between minimum and maximum', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), chance, (nacks, random) => {
        const delayMs = redeliveryDelayMs(POLICY, nacks, () => random)

        assert.equal(delayMs >= 10_000 && delayMs <= 600_000, true)
      }),
    )
  })

  it('redelivers at once when there is none', () => {
    assert.equal(
      redeliveryDelayMs(undefined, 3, () => 0.5),
      0,
    )
  })
})
