import { LETTER_PREFIX, type LetterAttribute } from '../model/letter-attributes.ts'
import type { Message } from '../model/message.ts'
import { instantOf } from './message-of.ts'

/** Fits a safe integer, and any line, ordinal or count there is. */
const WHOLE_NUMBER = /^\d{1,9}$/

/**
 * The message that a pushed one stands for: itself; or, when it is a dead letter published again,
 * the one the letter was written for, so that its event gets the ids and the time it would have
 * had. The letter's attributes are taken off. A set that no letter has changes nothing else.
 */
export function originOf(pushed: Message): Message {
  if (!Object.keys(pushed.attributes).some(isOurs)) return pushed
  const attributes = Object.fromEntries(
    Object.entries(pushed.attributes).filter(([name]) => !isOurs(name)),
  )
  return originalOf(pushed, attributes) ?? { ...pushed, attributes }
}

function isOurs(name: string): boolean {
  return name.startsWith(LETTER_PREFIX)
}

/** `undefined` as well for a part of a letter, which is no event before it is joined. */
function originalOf(
  { data, deliveryAttempt, messageId: pushedAs, publishedAt: pushedAt, ...pushed }: Message,
  attributes: Readonly<Record<string, string>>,
): Message | undefined {
  const said = (name: LetterAttribute) => pushed.attributes[`${LETTER_PREFIX}${name}`]
  const [id, messageId] = [said('id'), said('message-id')]
  const [line, replays] = [numberIn(said('line')), numberIn(said('replays'))]
  const ordinal = numberIn(said('ordinal') ?? '1')
  if (!id || !messageId || line === undefined || replays === undefined) return undefined
  if (!ordinal || said('part') !== undefined) return undefined
  const insertId = said('insert-id')
  const publishTime = said('publish-time')
  const publishedAt = instantOf(publishTime)
  // No letter is published before its message: a time that says so would let the future in.
  if (publishedAt !== undefined && pushedAt !== undefined && publishedAt > pushedAt)
    return undefined
  const orderingKey = said('ordering-key')
  return {
    messageId,
    subscription: said('subscription') ?? '',
    data,
    attributes,
    ...(publishTime !== undefined && { publishTime }),
    ...(publishedAt !== undefined && { publishedAt }),
    ...(orderingKey !== undefined && { orderingKey }),
    ...(deliveryAttempt !== undefined && { deliveryAttempt }),
    replay: { id, line, ordinal, ...(insertId && { insertId }), replays, pushedAs },
  }
}

function numberIn(text = ''): number | undefined {
  return WHOLE_NUMBER.test(text) ? Number(text) : undefined
}
