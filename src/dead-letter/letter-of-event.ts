import type { DeadLetter } from '../model/dead-letter.ts'
import type { Message } from '../model/message.ts'
import type { RejectedEvent } from '../model/pending-event.ts'
import { deadLetterOf } from './dead-letter-of.ts'

/** Makes the letter of one rejected event of a message; `deadLetteredAt` in epoch ms. */
export function letterOfEvent(
  message: Message,
  { line, child, children, prepared, outcome, ordinal: place }: RejectedEvent,
  deadLetteredAt: number,
): DeadLetter {
  const ordinal = Math.max(message.replay?.ordinal ?? 1, place)
  return deadLetterOf({
    message,
    child,
    ...(children !== undefined && { children }),
    outcome,
    ordinal: ordinal > 1 ? ordinal : undefined,
    deadLetteredAt,
    ...(line && { line }),
    ...(prepared && { prepared }),
  })
}
