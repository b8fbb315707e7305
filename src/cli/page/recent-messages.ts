import type { TopicMessage } from '../../local/pubsub/publish-rules.ts'
import type { FeedEvent } from '../event-line.ts'

/** A message that was published lately, with its deliveries so far. */
export interface RecentMessage {
  readonly message: TopicMessage
  readonly deliveries: readonly SeenDelivery[]
}

export type SeenDelivery = Extract<FeedEvent, { kind: 'delivered' }> & {
  /** Epoch ms. */
  readonly at: number
}

/** The last messages of a world: a bounded number of them, with a bounded number of bytes. */
export interface RecentMessages {
  add(message: TopicMessage): void
  delivered(delivery: SeenDelivery): void
  find(messageId: string): RecentMessage | undefined
  /** Returns all, with the newest first. */
  all(): readonly RecentMessage[]
}

interface Entry extends RecentMessage {
  readonly deliveries: SeenDelivery[]
}

const MOST_MESSAGES = 2_000
const MOST_BYTES = 32 * 1024 * 1024
const MOST_DELIVERIES = 20

export function createRecentMessages(): RecentMessages {
  const entries = new Map<string, Entry>()
  let bytes = 0

  return {
    add,
    delivered,
    find: (messageId) => entries.get(messageId),
    all: () => [...entries.values()].reverse(),
  }

  function add(message: TopicMessage): void {
    entries.set(message.messageId, { message, deliveries: [] })
    bytes += message.data.length
    for (const [messageId, oldest] of entries) {
      if (entries.size <= MOST_MESSAGES && bytes <= MOST_BYTES) return
      entries.delete(messageId)
      bytes -= oldest.message.data.length
    }
  }

  function delivered(delivery: SeenDelivery): void {
    const deliveries = entries.get(delivery.messageId)?.deliveries
    if (deliveries === undefined) return
    deliveries.push(delivery)
    // The first tells how it began, the last how it stands.
    if (deliveries.length > MOST_DELIVERIES) deliveries.splice(1, 1)
  }
}
