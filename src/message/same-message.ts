import { createHash, hash } from 'node:crypto'
import type { Message, MessageData } from '../model/message.ts'

/**
 * Whether two pushes bring the same message. Message ids alone are not reliable: curl samples,
 * emulators and pushes made by hand reuse them. The publish time and the number of the delivery do
 * not matter.
 */
export function isSameMessage(one: Message, other: Message): boolean {
  return (
    one.messageId === other.messageId &&
    one.subscription === other.subscription &&
    isSameData(one.data, other.data) &&
    isSameRecord(one.attributes, other.attributes) &&
    // The letters of one message differ in nothing else when their lines are equal.
    JSON.stringify(one.replay) === JSON.stringify(other.replay)
  )
}

/** Data that was encoded twice has, as bytes, the text of the data that was encoded once. */
function isSameData(one: MessageData, other: MessageData): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other
  return one.equals(other)
}

function isSameRecord(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  return names.every((name) => Object.hasOwn(other, name) && one[name] === other[name])
}

/** Returns a digest of all that makes a message the same: equal for the same message only. */
export function digestOf(message: Message): string {
  const { subscription, messageId, attributes, data, replay } = message
  // Equal attributes may come in any order.
  const names = Object.keys(attributes).sort()
  const identity = JSON.stringify([
    subscription,
    messageId,
    typeof data,
    names,
    names.map((name) => attributes[name]),
    replay,
  ])
  if (typeof data === 'string') return hash('sha256', `${identity}${data}`, 'base64')
  return createHash('sha256').update(identity).update(data).digest('base64')
}
