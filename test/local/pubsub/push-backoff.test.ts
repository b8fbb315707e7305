import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPushBackoff } from '../../../src/local/pubsub/push-backoff.ts'

describe('the push back-off', () => {
  it('doubles with each nack from 100 ms to 60 s', () => {
    const backoff = createPushBackoff(() => 0)

    const delays = Array.from({ length: 12 }, () => {
      backoff.nacked()
      return backoff.delayMs()
    })

    assert.deepEqual(
      delays,
      [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000],
    )
  })

  it('pauses from the latest nack', () => {
    let now = 1_000
    const backoff = createPushBackoff(() => now)
    assert.equal(backoff.pausedUntil() <= now, true)

    backoff.nacked()
    assert.equal(backoff.pausedUntil(), 1_100)
    now = 1_050
    backoff.nacked()

    assert.equal(backoff.pausedUntil(), 1_250)
  })

  it('halves with each ack, and ends below 100 ms', () => {
    const backoff = createPushBackoff(() => 0)
    for (let n = 0; n < 3; n++) backoff.nacked()

    const delays = [1, 2, 3].map(() => {
      backoff.acked()
      return backoff.delayMs()
    })

    assert.deepEqual(delays, [200, 100, 0])
  })

  it('shortens a pause with an ack, and starts none', () => {
    const backoff = createPushBackoff(() => 0)
    for (let n = 0; n < 3; n++) backoff.nacked()

    const ends = [1, 2, 3].map(() => {
      backoff.acked()
      return backoff.pausedUntil()
    })
    assert.deepEqual(ends, [200, 100, 0])

    let now = 0
    const over = createPushBackoff(() => now)
    for (let n = 0; n < 3; n++) over.nacked()
    now = 500
    over.acked()
    assert.equal(over.pausedUntil(), 400)
  })
})
