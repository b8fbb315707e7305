import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import { parseRanges } from '../../lib/ranges.ts'
import type { Message, Replay } from '../../model/message.ts'
import { parseInstant } from '../../receive/message-of.ts'

/**
 * Returns the message of a stored letter. Its data is what the letter holds, and its replay says
 * which place that had in the original message. `isAllChildren` sends all events of the line again.
 */
export function messageOfLetter(
  letter: StoredLetter,
  { isAllChildren }: { readonly isAllChildren: boolean },
): Message {
  const { messageId, subscription, attributes, publishTime, orderingKey, deliveryAttempt } =
    letter.message
  const publishedAt = parseInstant(publishTime)
  return {
    messageId,
    subscription,
    attributes,
    data: letter.data ?? Buffer.from(letter.event ?? '').toString('base64'),
    ...(publishTime !== undefined && { publishTime }),
    ...(publishedAt !== undefined && { publishedAt }),
    ...(orderingKey !== undefined && { orderingKey }),
    ...(deliveryAttempt !== undefined && { deliveryAttempt }),
    replay: replayOf(letter, isAllChildren),
  }
}

function replayOf(letter: StoredLetter, isAllChildren: boolean): Replay {
  const { id, line, ordinal = 1, stage, insertId, replays, child, children } = letter
  const lines = letter.lines === undefined ? undefined : parseRanges(letter.lines)
  const isChild = child !== undefined && children !== undefined && !isAllChildren
  return {
    id,
    line,
    ordinal,
    replays,
    pushedAs: id,
    ...(stage === 'mapped' && { isMapped: true }),
    ...(insertId !== undefined && { insertId }),
    ...(isChild && { child: { place: child, of: children } }),
    ...(lines && { lines }),
  }
}
