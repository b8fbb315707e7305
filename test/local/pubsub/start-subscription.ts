import type { TestContext } from 'node:test'
import type {
  PushSubscription,
  SubscriptionObserver,
} from '../../../src/local/pubsub/push-subscription.ts'
import type {
  OidcToken,
  SubscriptionSettings,
} from '../../../src/local/pubsub/subscription-settings.ts'
import type { PubsubStandIn, PubsubStandInOptions } from '../../../src/local/pubsub-stand-in.ts'
import { startPubsub } from '../../helpers/pubsub.ts'
import { until } from '../../helpers/until.ts'
import { createHandTime, type HandTime } from '../hand-time.ts'
import { type Endpoint, type EndpointAnswer, startEndpoint } from '../start-endpoint.ts'

export const TOPIC = 'projects/p1/topics/events'
export const SUBSCRIPTION = 'projects/p1/subscriptions/events-push'

/** The events in order: `pushed a 1`, `answered a 503`, … with the messages' data as names. */
export type Story = string[]

export interface Scene {
  readonly pubsub: PubsubStandIn
  readonly subscription: PushSubscription
  readonly endpoint: Endpoint
  readonly time: HandTime
  readonly story: Story
  publish(...data: readonly string[]): readonly string[]
  /** Resolves once so many pushes have got their answer, or were given up. */
  waitForAnswers(count: number): Promise<void>
}

export interface SceneOptions {
  readonly oidcToken?: OidcToken
  readonly settings?: Partial<SubscriptionSettings>
  readonly answerTo?: (place: number, body: string) => EndpointAnswer
  readonly standIn?: PubsubStandInOptions
  /** Called in place of writing the story. */
  readonly observer?: SubscriptionObserver
}

/** A subscription to an endpoint of its own, in a world whose time stands still. */
export async function startSubscription(
  t: TestContext,
  options: SceneOptions = {},
): Promise<Scene> {
  const time = createHandTime()
  const endpoint = await startEndpoint(t, options.answerTo)
  const pubsub = await startPubsub(t, { time, random: () => 0.5, ...options.standIn })
  pubsub.createTopic(TOPIC)
  const story: Story = []
  const { oidcToken } = options
  const pushConfig = { pushEndpoint: endpoint.url, ...(oidcToken && { oidcToken }) }
  const settings = { topic: TOPIC, pushConfig, ...options.settings }
  const subscription = pubsub.createSubscription(SUBSCRIPTION, settings, {
    ...observerOf(story),
    ...options.observer,
  })
  return {
    pubsub,
    subscription,
    endpoint,
    time,
    story,
    publish: (...data) =>
      pubsub.publish(
        TOPIC,
        data.map((one) => ({ data: one })),
      ),
    waitForAnswers: (count) =>
      until(
        `answer ${count}`,
        () => story.filter((one) => one.startsWith('answered')).length >= count,
      ),
  }
}

function observerOf(story: Story): SubscriptionObserver {
  return {
    pushed: ({ data }, attempt) => story.push(`pushed ${data} ${attempt}`),
    answered: ({ data }, result, isAcked) => {
      const what = result.kind === 'answered' ? result.status : result.kind
      story.push(`answered ${data} ${what}: ${isAcked ? 'ack' : 'nack'}`)
    },
    forwarded: ({ data }, { messageId }) => story.push(`forwarded ${data} as ${messageId}`),
    duplicate: ({ data }, time) => story.push(`duplicate ${data}${time ? ' retimed' : ''}`),
  }
}
