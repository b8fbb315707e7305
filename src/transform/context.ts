import type { Line } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import type { TransformContext } from './types.ts'

/**
 * The attributes that a dead-letter policy adds to a message that it publishes again (observed).
 */
const POLICYS_ATTRIBUTES = [
  'CloudPubSubDeadLetterSourceDeliveryCount',
  'CloudPubSubDeadLetterSourceSubscription',
  'CloudPubSubDeadLetterSourceSubscriptionProject',
  'CloudPubSubDeadLetterSourceTopicPublishTime',
]

/** Returns the facts about a message that the owner's module may use. */
export function contextOf(line: Line, message: Message): TransformContext {
  const { data, publishedAt, replay, ...known } = message
  return { ...known, attributes: attributesOf(message), line: line.number }
}

/**
 * Returns the attributes without those that a dead-letter policy adds, so that its copy of a
 * message makes the same events.
 */
function attributesOf(message: Message): Record<string, string> {
  const attributes = { ...message.attributes }
  for (const name of POLICYS_ATTRIBUTES)
    if (Object.hasOwn(attributes, name)) delete attributes[name]
  return attributes
}
