import type { Delivery } from './delivery.ts'
import { createDeliveryQueue } from './delivery-queue.ts'
import { createFifo, type Fifo } from './fifo.ts'

/** The deliveries of a pull subscription that may be pulled. */
export interface PullQueue {
  add(delivery: Delivery): void
  /** Takes as many as fit; the first one whatever its size. */
  take(most: { readonly messages: number; readonly bytes: number }): readonly Delivery[]
  /** Notes that a message that was taken is acked, or has left for the dead-letter topic. */
  acked(delivery: Delivery): void
  /** Notes that a taken message comes again as `again`. The returned function lets it be taken. */
  comesBack(delivery: Delivery, again: Delivery): () => void
}

export interface PullQueueOptions {
  /** Whether the messages of an ordering key are taken in order. */
  readonly isOrdered: boolean
  /** Called with each later message of a key that comes again with an earlier one. */
  readonly returned: (delivery: Delivery, wasAcked: boolean) => void
}

/** The messages of one ordering key. */
interface Line {
  waiting: Fifo<Delivery>
  /** Whether a batch may be taken now. */
  isFree: boolean
  /** The messages that were taken together and are not all acked, in order. */
  batch: { readonly delivery: Delivery; isAcked: boolean }[]
}

/**
 * Creates an empty queue. In an ordered one, the messages of a key are taken in batches, one batch
 * at a time. When one of them comes again, all later ones of its key do, acked or not
 * (cloud.google.com/pubsub/docs/ordering).
 */
export function createPullQueue({ isOrdered, returned }: PullQueueOptions): PullQueue {
  const unordered = createDeliveryQueue()
  const lines = new Map<string, Line>()
  const freeKeys = createFifo<string>()
  /** A delivery that did not fit the last answer. */
  let left: Delivery | undefined

  return { add, take, acked, comesBack }

  function keyOf({ message }: Delivery): string {
    return isOrdered ? (message.orderingKey ?? '') : ''
  }

  function add(delivery: Delivery): void {
    const key = keyOf(delivery)
    if (key === '') {
      unordered.add(delivery)
      return
    }
    const line = lines.get(key) ?? { waiting: createFifo(), isFree: false, batch: [] }
    lines.set(key, line)
    line.waiting.push(delivery)
    freeIfDone(key, line)
  }

  function take(most: { readonly messages: number; readonly bytes: number }) {
    const taken: Delivery[] = []
    let bytes = 0
    while (taken.length < most.messages) {
      const next = left ?? unordered.take()
      left = undefined
      if (next === undefined) break
      bytes += next.message.data.length
      if (taken.length > 0 && bytes > most.bytes) {
        left = next
        return taken
      }
      taken.push(next)
    }
    while (taken.length < most.messages && bytes <= most.bytes) {
      const line = lines.get(freeKeys.shift() ?? '')
      if (line === undefined) break
      for (const delivery of batchOf(line, most.messages - taken.length)) {
        taken.push(delivery)
        bytes += delivery.message.data.length
      }
    }
    return taken
  }

  function batchOf(line: Line, most: number): readonly Delivery[] {
    const { waiting, batch } = line
    line.isFree = false
    while (batch.length < most) {
      const delivery = waiting.shift()
      if (delivery === undefined) break
      batch.push({ delivery, isAcked: false })
    }
    return batch.map(({ delivery }) => delivery)
  }

  function acked(delivery: Delivery): void {
    const key = keyOf(delivery)
    const line = lines.get(key)
    const entry = line?.batch.find((one) => one.delivery === delivery)
    if (line === undefined || entry === undefined) return
    entry.isAcked = true
    freeIfDone(key, line)
  }

  function comesBack(delivery: Delivery, again: Delivery): () => void {
    const key = keyOf(delivery)
    const line = lines.get(key)
    if (line === undefined) return () => unordered.add(again)
    const place = line.batch.findIndex((one) => one.delivery === delivery)
    const later = line.batch.slice(place + 1)
    line.batch = line.batch.slice(0, place)
    const waiting = [again, ...later.map((one) => replayOf(one.delivery))]
    for (let next = line.waiting.shift(); next; next = line.waiting.shift()) waiting.push(next)
    line.waiting = createFifo(waiting)
    for (const one of later) returned(one.delivery, one.isAcked)
    return () => freeIfDone(key, line)
  }

  /** Lets the next batch of a key be taken, once all of the last one is acked or has come back. */
  function freeIfDone(key: string, line: Line): void {
    if (lines.get(key) !== line || line.isFree) return
    if (line.batch.some(({ isAcked }) => !isAcked)) return
    line.batch = []
    line.isFree = line.waiting.size > 0
    if (line.isFree) freeKeys.push(key)
    else lines.delete(key)
  }
}

function replayOf({ message, nacks }: Delivery): Delivery {
  return { message, kind: 'replay', nacks }
}
