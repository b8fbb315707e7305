import type { Delivery } from './delivery.ts'
import { createFifo } from './fifo.ts'

/** What may be pushed at once. */
export interface DeliveryQueue {
  add(delivery: Delivery): void
  take(): Delivery | undefined
}

/**
 * Takes turns between messages never nacked and redeliveries: neither a long backlog nor a poison
 * message keeps the other back.
 */
export function createDeliveryQueue(): DeliveryQueue {
  const fresh = createFifo<Delivery>()
  const again = createFifo<Delivery>()
  let isTurnOfFresh = false

  return {
    add: (delivery) => (delivery.nacks === 0 ? fresh : again).push(delivery),
    take() {
      isTurnOfFresh = !isTurnOfFresh
      return isTurnOfFresh ? (fresh.shift() ?? again.shift()) : (again.shift() ?? fresh.shift())
    },
  }
}
