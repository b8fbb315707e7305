import type { PushStats } from '../../src/local/pubsub/push-stats.ts'
import { startPubsubStandIn } from '../../src/local/pubsub-stand-in.ts'
import { LOCAL_AUDIENCE, LOCAL_SERVICE_ACCOUNT } from '../../src/local/token-issuer.ts'
import type { WorldTime } from '../../src/local/world-time.ts'
import type { Books, FactsAtAck, MessageKey } from './books.ts'
import type { PlannedMessage } from './planned-message.ts'
import type { Channel } from './publisher.ts'
import type { Random } from './random.ts'

/** A topic and its push subscription, in a Pub/Sub of their own: ids are unique in one only. */
export interface PushChannel extends Channel {
  /** Pushes that wait for their answer. */
  held(): number
  /** How many may at most. */
  window(): number
  setEndpoint(url: string): void
  stats(): PushStats
  close(): Promise<void>
}

export interface ChannelParts {
  readonly time: WorldTime
  readonly random: Random
  readonly token: () => string
  readonly endpoint: string
  readonly ackDeadlineSeconds: number
  /** Told of each ack at the moment it comes. */
  readonly books: Books
  readonly facts: FactsAtAck
}

const TOPIC = 'projects/local-project/topics/events'
/** As README recommends; a redelivery waits in the world's time. */
const RETRY_POLICY = { minimumBackoff: '10s', maximumBackoff: '120s' }
/** Far more than Pub/Sub's own, so that a run sees some. */
const DUPLICATES = { rate: 0.02, otherPublishTimeShare: 0.5, afterMs: 60_000 }

/** Opens a topic with one subscription, which pushes in this form; Eventarc's is ordered as well. */
export async function openChannel(
  form: 'wrapped' | 'eventarc',
  parts: ChannelParts,
): Promise<PushChannel> {
  const { time, random, token, books, facts } = parts
  const pubsub = await startPubsubStandIn({ time, random: random.next, pushToken: () => token() })
  const name = `projects/local-project/subscriptions/${form}`
  pubsub.createTopic(TOPIC)
  const subscription = pubsub.createSubscription(
    name,
    {
      topic: TOPIC,
      pushConfig: {
        pushEndpoint: parts.endpoint,
        oidcToken: { serviceAccountEmail: LOCAL_SERVICE_ACCOUNT, audience: LOCAL_AUDIENCE },
      },
      ackDeadlineSeconds: parts.ackDeadlineSeconds,
      retryPolicy: RETRY_POLICY,
      enableMessageOrdering: form === 'eventarc',
      local: { form, duplicates: DUPLICATES },
    },
    {
      pushed: ({ messageId, publishTime }) => books.pushed(keyOf(messageId), publishTime),
      answered: ({ messageId }, _, isAcked) => {
        if (isAcked) books.acked(keyOf(messageId), facts)
      },
    },
  )

  return {
    publish,
    backlog: subscription.backlog,
    held: subscription.outstanding,
    window: subscription.window,
    setEndpoint: subscription.setEndpoint,
    stats: subscription.stats,
    close: pubsub.close,
  }

  function publish(message: PlannedMessage): void {
    const [messageId = ''] = pubsub.publish(TOPIC, [message])
    books.published(keyOf(messageId), message)
  }

  function keyOf(messageId: string): MessageKey {
    return { subscription: name, messageId }
  }
}
