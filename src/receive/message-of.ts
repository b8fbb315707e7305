import type { Message } from '../model/message.ts'
import type { PushEnvelope } from './envelope.ts'

/** RFC 3339, with any number of digits to the second. Date.parse alone takes "foo 7", and local time. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** The message in a push envelope. An Eventarc push has the same body. */
export function messageOf({ message, subscription, deliveryAttempt }: PushEnvelope): Message {
  const publishTime = message.publishTime ?? message.publish_time
  const publishedAt = instantOf(publishTime)
  return {
    messageId: message.messageId ?? message.message_id ?? '',
    subscription: subscription ?? '',
    data: message.data ?? '',
    attributes: message.attributes ?? {},
    ...(publishTime !== undefined && { publishTime }),
    ...(publishedAt !== undefined && { publishedAt }),
    ...(message.orderingKey !== undefined && { orderingKey: message.orderingKey }),
    ...(deliveryAttempt !== undefined && { deliveryAttempt }),
  }
}

/** A publish time in epoch ms; `undefined` when it is missing or unreadable. */
export function instantOf(publishTime = ''): number | undefined {
  const at = RFC_3339.test(publishTime) ? Date.parse(publishTime) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}
