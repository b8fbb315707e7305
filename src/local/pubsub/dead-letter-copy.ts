import type { NewMessage, TopicMessage } from './publish-rules.ts'
import { parseResourceName } from './resource-names.ts'

/**
 * What Pub/Sub publishes to the dead-letter topic: the same data and attributes, and four more that
 * say where it comes from (cloud.google.com/pubsub/docs/handling-failures; the names are those that
 * Google's emulator gives them).
 */
export function deadLetterCopy(
  { data, attributes, orderingKey, publishTime }: TopicMessage,
  { subscription, attempts }: { readonly subscription: string; readonly attempts: number },
): NewMessage {
  const { id = '', project = '' } = parseResourceName(subscription) ?? {}
  const source = {
    CloudPubSubDeadLetterSourceDeliveryCount: String(attempts),
    CloudPubSubDeadLetterSourceSubscription: id,
    CloudPubSubDeadLetterSourceSubscriptionProject: project,
    CloudPubSubDeadLetterSourceTopicPublishTime: publishTime,
  }
  return {
    data,
    attributes: { ...attributes, ...source },
    ...(orderingKey !== undefined && { orderingKey }),
  }
}
