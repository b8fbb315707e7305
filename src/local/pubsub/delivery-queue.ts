import type { Delivery } from './delivery.ts'
import { createFifo } from './fifo.ts'

/** The deliveries that may be pushed at once. */
export interface DeliveryQueue {
  add(delivery: Delivery): void
  take(): Delivery | undefined
}

/**
 * Creates a queue that alternates between messages never nacked and redeliveries, so that neither a
 * long backlog nor a poison message delays the other.
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
