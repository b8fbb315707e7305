import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPushWindow, type PushWindow } from '../../../src/local/pubsub/push-window.ts'

function ack(window: PushWindow, times: number): void {
  for (let n = 0; n < times; n++) window.acked()
}

describe('a push window', () => {
  it('is four at first unless told otherwise', () => {
    assert.equal(createPushWindow().size(), 4)
    assert.equal(createPushWindow(7).size(), 7)
  })

  it('doubles with each window of acks, up to 3,000', () => {
    const window = createPushWindow(4)

    ack(window, 4)
    assert.equal(window.size(), 8)
    ack(window, 8)
    assert.equal(window.size(), 16)
    ack(window, 2_984)

    assert.equal(window.size(), 3_000)
  })

  it('grows by one for each window of acks from there on', () => {
    const window = createPushWindow(3_000)

    ack(window, 2_999)
    assert.equal(window.size(), 3_000)
    ack(window, 1)
    assert.equal(window.size(), 3_001)
    ack(window, 3_001)

    assert.equal(window.size(), 3_002)
  })

  it('halves with a nack, down to one', () => {
    const window = createPushWindow(5)

    const sizes = [1, 2, 3].map(() => {
      window.nacked()
      return window.size()
    })

    assert.deepEqual(sizes, [2, 1, 1])
  })

  it('counts a window of acks from the latest nack', () => {
    const window = createPushWindow(6_000)
    ack(window, 5_999)
    window.nacked()

    ack(window, 2_999)
    assert.equal(window.size(), 3_000)
    ack(window, 1)

    assert.equal(window.size(), 3_001)
  })
})
