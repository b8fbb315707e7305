import { deadLetterCopy } from '../../src/local/pubsub/dead-letter-copy.ts'
import type { TopicMessage } from '../../src/local/pubsub/publish-rules.ts'
import type { PushStats } from '../../src/local/pubsub/push-stats.ts'
import { LOCAL_DEAD_LETTER_TOPIC, startPubsubStandIn } from '../../src/local/pubsub-stand-in.ts'
import { LOCAL_AUDIENCE, LOCAL_SERVICE_ACCOUNT } from '../../src/local/token-issuer.ts'
import type { WorldTime } from '../../src/local/world-time.ts'
import type { FactsAtAck } from './expected.ts'
import type { ExpectedFates, MessageKey } from './expected-fates.ts'
import type { PlannedMessage } from './planned-message.ts'
import type { Channel } from './publisher.ts'
import type { Random } from './random.ts'

/** A topic and its push subscription, in a Pub/Sub of their own, in which ids are unique. */
export interface PushChannel extends Channel {
  /** The number of pushes that wait for their answer. */
  held(): number
  /** The number of pushes that may wait. */
  window(): number
  /** Full name of the subscription. */
  readonly name: string
  setEndpoints(first: string, ...others: readonly string[]): void
  /** Publishes a dead letter again, as it is stored in its topic. */
  replay(letter: Pick<TopicMessage, 'data' | 'attributes'>): void
  /**
   * Publishes again the messages that the dead-letter policy took although all their events are
   * good: an outage lasted longer than their delivery attempts. Returns their number.
   */
  redrive(): number
  /** The number of messages of these two kinds that are not acked yet. */
  replaying(): number
  stats(): PushStats
  close(): Promise<void>
}

export interface ChannelDeps {
  readonly time: WorldTime
  readonly random: Random
  readonly token: () => string
  readonly ackDeadlineSeconds: number
  /** Whether refused messages are nacked and leave for a dead-letter topic in the end. */
  readonly hasDeadLetterPolicy: boolean
  /** The expected fates, called with each publish, push and ack at the moment it comes. */
  readonly fates: ExpectedFates
  readonly facts: FactsAtAck
}

const TOPIC = 'projects/local-project/topics/events'
/** The endpoint before `setEndpoints`. Nothing is published before it. */
const NOWHERE_YET = 'http://127.0.0.1:9/push'
/** The default of Pub/Sub. */
const DELIVERY_ATTEMPTS = 5
/** The policy that README recommends. A redelivery waits in the world's time. */
const RETRY_POLICY = { minimumBackoff: '10s', maximumBackoff: '120s' }
/** Far more duplicates than Pub/Sub makes, so that a run sees some. */
const DUPLICATES = { rate: 0.02, otherPublishTimeShare: 0.5, afterMs: 60_000 }

/** Opens a topic with one subscription, which pushes in this form. Eventarc's is also ordered. */
export async function openChannel(
  form: 'wrapped' | 'eventarc',
  deps: ChannelDeps,
): Promise<PushChannel> {
  const { time, random, token, fates, facts } = deps
  let published: readonly TopicMessage[] = []
  const pubsub = await startPubsubStandIn({
    time,
    random: random.next,
    pushToken: () => token(),
    published: (_, messages) => {
      published = messages
    },
  })
  const forwarded: { readonly message: TopicMessage; readonly copy: TopicMessage }[] = []
  const replays = new Set<string>()
  const name = `projects/local-project/subscriptions/${form}`
  pubsub.createTopic(TOPIC)
  const subscription = pubsub.createSubscription(
    name,
    {
      topic: TOPIC,
      pushConfig: {
        pushEndpoint: NOWHERE_YET,
        oidcToken: { serviceAccountEmail: LOCAL_SERVICE_ACCOUNT, audience: LOCAL_AUDIENCE },
      },
      ackDeadlineSeconds: deps.ackDeadlineSeconds,
      retryPolicy: RETRY_POLICY,
      ...(deps.hasDeadLetterPolicy && {
        deadLetterPolicy: {
          deadLetterTopic: LOCAL_DEAD_LETTER_TOPIC,
          maxDeliveryAttempts: DELIVERY_ATTEMPTS,
        },
      }),
      enableMessageOrdering: form === 'eventarc',
      local: { form, duplicates: DUPLICATES },
    },
    {
      pushed: (message) => fates.pushed(keyOf(message), publishTimeOf(message)),
      answered: (message, _, isAcked) => {
        if (!isAcked) return
        fates.acked(keyOf(message), facts)
        replays.delete(message.messageId)
      },
      forwarded: (message, copy) => {
        fates.forwarded(keyOf(message))
        replays.delete(message.messageId)
        forwarded.push({ message, copy })
      },
    },
  )

  return {
    name,
    publish,
    replay: (letter) => noteReplay(publishAll([letter])),
    redrive,
    replaying: () => replays.size,
    backlog: subscription.backlog,
    held: subscription.outstanding,
    window: subscription.window,
    setEndpoints: subscription.setEndpoints,
    stats: subscription.stats,
    close: pubsub.close,
  }

  /** Publishes all at once, and so with one publish time. */
  function publish(planned: readonly PlannedMessage[]): void {
    const messages = publishAll(planned)
    for (const [place, message] of messages.entries()) {
      const plan = planned[place]
      if (plan === undefined) continue
      fates.published(keyOf(message), plan)
      if (plan.isCopied) publishCopy(message, copyOf(message))
    }
  }

  function publishAll(
    messages: readonly Pick<TopicMessage, 'data' | 'attributes'>[],
  ): readonly TopicMessage[] {
    pubsub.publish(TOPIC, messages)
    return published
  }

  function copyOf(message: TopicMessage) {
    return deadLetterCopy(message, { subscription: name, attempts: DELIVERY_ATTEMPTS })
  }

  function publishCopy(
    original: TopicMessage,
    copy: Pick<TopicMessage, 'data' | 'attributes'>,
  ): readonly TopicMessage[] {
    const messages = publishAll([copy])
    for (const message of messages) fates.copied(keyOf(message), keyOf(original))
    return messages
  }

  function redrive(): number {
    const good = forwarded.splice(0).filter(({ message }) => fates.isGood(keyOf(message)))
    for (const { message, copy } of good) noteReplay(publishCopy(message, copy))
    return good.length
  }

  function noteReplay(messages: readonly TopicMessage[]): void {
    for (const { messageId } of messages) replays.add(messageId)
  }

  function keyOf({ messageId }: TopicMessage): MessageKey {
    return { subscription: name, messageId }
  }
}

/** The publish time. For a copy made by a dead-letter policy it is the original's. */
function publishTimeOf({ attributes, publishTime }: TopicMessage): string {
  return attributes.CloudPubSubDeadLetterSourceTopicPublishTime ?? publishTime
}
