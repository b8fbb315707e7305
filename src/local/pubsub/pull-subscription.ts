import type { WorldTime } from '../world-time.ts'
import { deadLetterCopy } from './dead-letter-copy.ts'
import type { Delivery } from './delivery.ts'
import type { TopicMessage } from './publish-rules.ts'
import { createPullQueue } from './pull-queue.ts'
import { redeliveryDelayMs } from './retry-policy.ts'
import {
  ackDeadlineMsOf,
  deadLetterPolicyOf,
  type PullSettings,
  retryPolicyOf,
} from './subscription-settings.ts'
import type { Topics } from './topics.ts'

/** A message as a pull hands it out. */
export interface ReceivedMessage {
  readonly ackId: string
  readonly message: TopicMessage
  /** From 1; present under a dead-letter policy only. */
  readonly deliveryAttempt?: number
}

/** The counts of a pull subscription since it was created. */
export interface PullStats {
  readonly pulls: number
  readonly acks: number
  /** Messages that came back, by request or because their lease ended. */
  readonly returns: number
  readonly deadLettered: number
}

/** A subscription whose messages are pulled. A pulled message is leased, and comes back if its lease ends. */
export interface PullSubscription {
  /** Full name. */
  readonly name: string
  /** Leases up to this number of messages; none when there are none. */
  pull(maxMessages: number): readonly ReceivedMessage[]
  /** Acks leased messages. Returns the ids whose leases have ended, which ack nothing. */
  acknowledge(ackIds: readonly string[]): readonly string[]
  /**
   * Lets the leases end after so many seconds from now; with 0, the messages come back at once.
   * Returns the ids whose leases have ended.
   */
  modifyAckDeadline(ackIds: readonly string[], seconds: number): readonly string[]
  /** The number of leased messages. */
  outstanding(): number
  /** The number of messages that are not acked, leased ones included. */
  backlog(): number
  settings(): PullSettings
  stats(): PullStats
}

export interface PullDeps {
  readonly time: WorldTime
  /** In [0, 1). */
  readonly random: () => number
  readonly topics: Pick<Topics, 'publish'>
}

interface Lease {
  readonly delivery: Delivery
  /** Keeps the lease from ending by itself. */
  cancel: () => void
}

// cloud.google.com/pubsub/quotas#resource_limits
const MOST_MESSAGES = 1_000
const MOST_BYTES = 10_000_000
/** The length of an ack id of Pub/Sub, roughly. */
const ACK_ID_BYTES = 132

/** Creates a pull subscription. It must be closed, or its leases go on. */
export function createPullSubscription(
  name: string,
  settings: PullSettings,
  { time, random, topics }: PullDeps,
): PullSubscription & { receive(messages: readonly TopicMessage[]): void; close(): void } {
  const ackDeadlineMs = ackDeadlineMsOf(settings)
  const retryPolicy = retryPolicyOf(settings)
  const deadLetterPolicy = deadLetterPolicyOf(settings)
  const leases = new Map<string, Lease>()
  const leaseOf = new Map<Delivery, string>()
  const queue = createPullQueue({ isOrdered: settings.enableMessageOrdering === true, returned })
  const counts = { pulls: 0, acks: 0, returns: 0, deadLettered: 0 }
  let backlog = 0
  let nextAckId = 1

  return {
    name,
    receive,
    pull,
    acknowledge: (ackIds) => ackIds.filter((ackId) => !ack(ackId)),
    modifyAckDeadline: (ackIds, seconds) => ackIds.filter((ackId) => !extend(ackId, seconds)),
    outstanding: () => leases.size,
    backlog: () => backlog,
    settings: () => settings,
    stats: () => ({ ...counts }),
    close: () => {
      for (const { cancel } of leases.values()) cancel()
    },
  }

  function receive(messages: readonly TopicMessage[]): void {
    backlog += messages.length
    for (const message of messages) queue.add({ message, kind: 'first', nacks: 0 })
  }

  function pull(maxMessages: number): readonly ReceivedMessage[] {
    counts.pulls += 1
    const most = { messages: Math.min(maxMessages, MOST_MESSAGES), bytes: MOST_BYTES }
    return queue.take(most).map(lease)
  }

  function lease(delivery: Delivery): ReceivedMessage {
    const { message, nacks } = delivery
    const text = `${message.messageId}/${nextAckId++}`.padEnd(ACK_ID_BYTES, '.')
    const ackId = Buffer.from(text).toString('base64url')
    leases.set(ackId, { delivery, cancel: time.after(ackDeadlineMs, () => giveBack(ackId)) })
    leaseOf.set(delivery, ackId)
    return { ackId, message, ...(deadLetterPolicy && { deliveryAttempt: nacks + 1 }) }
  }

  function ack(ackId: string): boolean {
    const delivery = endLease(ackId)
    if (delivery === undefined) return false
    counts.acks += 1
    backlog -= 1
    queue.acked(delivery)
    return true
  }

  function extend(ackId: string, seconds: number): boolean {
    const held = leases.get(ackId)
    if (held === undefined) return false
    held.cancel()
    if (seconds === 0) giveBack(ackId)
    else held.cancel = time.after(seconds * 1_000, () => giveBack(ackId))
    return true
  }

  function giveBack(ackId: string): void {
    const delivery = endLease(ackId)
    if (delivery === undefined) return
    counts.returns += 1
    const again = { ...delivery, nacks: delivery.nacks + 1 }
    if (deadLetterPolicy && again.nacks >= deadLetterPolicy.maxDeliveryAttempts) {
      forward(again, deadLetterPolicy.deadLetterTopic)
      queue.acked(delivery)
    } else {
      const free = queue.comesBack(delivery, again)
      const delayMs = redeliveryDelayMs(retryPolicy, again.nacks, random)
      if (delayMs > 0) time.after(delayMs, free)
      else free()
    }
  }

  function forward({ message, nacks }: Delivery, deadLetterTopic: string): void {
    topics.publish(deadLetterTopic, [
      deadLetterCopy(message, { subscription: name, attempts: nacks }),
    ])
    counts.deadLettered += 1
    backlog -= 1
  }

  /** Ends the lease of a message that comes again because an earlier one of its key does. */
  function returned(delivery: Delivery, wasAcked: boolean): void {
    if (wasAcked) backlog += 1
    const ackId = leaseOf.get(delivery)
    if (ackId !== undefined && endLease(ackId)) counts.returns += 1
  }

  function endLease(ackId: string): Delivery | undefined {
    const held = leases.get(ackId)
    if (held === undefined) return undefined
    held.cancel()
    leases.delete(ackId)
    leaseOf.delete(held.delivery)
    return held.delivery
  }
}
