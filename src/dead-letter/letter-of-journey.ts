import type { DeadLetter } from '../model/dead-letter.ts'
import type { RejectedJourney } from '../model/journey.ts'
import type { Message } from '../model/message.ts'
import { deadLetterOf } from './dead-letter-of.ts'

/** Makes the letter of one rejected event of a message; `deadLetteredAt` in epoch ms. */
export function letterOfJourney(
  message: Message,
  { line, child, children, event, outcome, ordinal: place }: RejectedJourney,
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
    ...(event && { prepared: event }),
  })
}
