import type { NewMessage, TopicMessage } from './publish-rules.ts'
import { parseResourceName } from './resource-names.ts'

/**
 * Returns the message that Pub/Sub publishes to the dead-letter topic. It has the same data and
 * attributes, and four more attributes that name its source
 * (cloud.google.com/pubsub/docs/handling-failures; the names are those of Google's emulator).
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
