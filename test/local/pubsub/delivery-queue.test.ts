import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Delivery } from '../../../src/local/pubsub/delivery.ts'
import { createDeliveryQueue } from '../../../src/local/pubsub/delivery-queue.ts'

function aDelivery(messageId: string, nacks: number): Delivery {
  const message = { messageId, publishTime: '', data: Buffer.of(), attributes: {} }
  return { message, kind: 'first', nacks }
}

describe('a delivery queue', () => {
  it('takes turns between new messages and redeliveries, each in their order', () => {
    const queue = createDeliveryQueue()
    for (const id of ['new-1', 'new-2', 'new-3']) queue.add(aDelivery(id, 0))
    for (const id of ['again-1', 'again-2']) queue.add(aDelivery(id, 1))

    const taken = Array.from({ length: 6 }, () => queue.take()?.message.messageId)

    assert.deepEqual(taken, ['new-1', 'again-1', 'new-2', 'again-2', 'new-3', undefined])
  })

  it('gives what there is when it is not its turn', () => {
    const queue = createDeliveryQueue()
    queue.add(aDelivery('again-1', 1))
    queue.add(aDelivery('again-2', 2))

    const taken = Array.from({ length: 3 }, () => queue.take()?.message.messageId)

    assert.deepEqual(taken, ['again-1', 'again-2', undefined])
  })
})
