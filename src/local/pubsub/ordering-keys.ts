import type { Delivery } from './delivery.ts'
import { createFifo, type Fifo } from './fifo.ts'

/** The order of deliveries: at most one message of each ordering key is outstanding. */
export interface OrderingKeys {
  /** Whether the delivery may be pushed now; if not, it waits behind the others of its key. */
  admit(delivery: Delivery): boolean
  /** Notes that this acked message will be pushed once more. */
  expectDuplicate(acked: Delivery): void
  /** Notes an ack, and returns the next delivery of the key that may be pushed. */
  acked(delivery: Delivery): Delivery | undefined
  /** Notes that a message became a dead letter without an ack; returns the next of its key. */
  left(delivery: Delivery): Delivery | undefined
  /** Notes an expected duplicate and replays the messages acked since; returns the next to push. */
  replay(duplicate: Delivery): Delivery | undefined
}

/** A subscription without ordering: any delivery may be pushed at any time. */
export const NO_ORDER: OrderingKeys = {
  admit: () => true,
  expectDuplicate: () => {},
  acked: () => undefined,
  left: () => undefined,
  replay: (duplicate) => duplicate,
}

/** The deliveries of one ordering key. */
interface Line {
  waiting: Fifo<Delivery>
  underWay: boolean
  /** The acked messages from the first expected duplicate on, in order; empty without one. */
  acked: Delivery[]
  expected: number
  /** Duplicates that came while another message of the key was outstanding. */
  duplicates: Delivery[]
}

/**
 * Creates the order. One message of a key is outstanding at a time. After a redelivered message,
 * all later messages of its key are pushed again, acked or not
 * (cloud.google.com/pubsub/docs/ordering).
 *
 * @param replayed called for each acked message that will be pushed again behind a duplicate
 */
export function createOrderingKeys(replayed: () => void): OrderingKeys {
  const lines = new Map<string, Line>()

  return {
    admit(delivery) {
      const line = lineOf(delivery)
      if (line === undefined) return true
      if (line.underWay) line.waiting.push(delivery)
      const isFree = !line.underWay
      line.underWay = true
      return isFree
    },
    expectDuplicate(delivery) {
      const line = lineOf(delivery)
      if (line !== undefined) line.expected += 1
    },
    acked(delivery) {
      const line = lineOf(delivery)
      if (line && line.expected > 0 && delivery.kind === 'first') line.acked.push(delivery)
      return nextOf(delivery)
    },
    left: nextOf,
    replay(duplicate) {
      const line = lineOf(duplicate)
      if (line === undefined) return duplicate
      line.duplicates.push(duplicate)
      return line.underWay ? undefined : nextOf(duplicate)
    },
  }

  function lineOf({ message: { orderingKey } }: Delivery): Line | undefined {
    if (!orderingKey) return undefined
    const line = lines.get(orderingKey) ?? emptyLine()
    lines.set(orderingKey, line)
    return line
  }

  function nextOf(delivery: Delivery): Delivery | undefined {
    const line = lineOf(delivery)
    if (line === undefined) return undefined
    for (const duplicate of line.duplicates.splice(0).reverse()) putFirst(line, duplicate)
    const next = line.waiting.shift()
    line.underWay = next !== undefined
    if (!line.underWay && line.expected === 0) lines.delete(delivery.message.orderingKey ?? '')
    return next
  }

  function putFirst(line: Line, duplicate: Delivery): void {
    const { messageId } = duplicate.message
    const place = line.acked.findIndex(({ message }) => message.messageId === messageId)
    const later = line.acked.slice(place + 1).map(replayOf)
    for (const _ of later) replayed()
    const waiting = [duplicate, ...later]
    for (let next = line.waiting.shift(); next; next = line.waiting.shift()) waiting.push(next)
    line.waiting = createFifo(waiting)
    line.expected -= 1
    if (line.expected === 0) line.acked = []
  }
}

function emptyLine(): Line {
  return { waiting: createFifo(), underWay: false, acked: [], expected: 0, duplicates: [] }
}

function replayOf({ message }: Delivery): Delivery {
  return { message, kind: 'replay', nacks: 0 }
}
