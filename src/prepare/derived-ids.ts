import { hashId } from '../lib/digest.ts'
import { createOrdinals } from '../lib/ordinals.ts'
import type { Candidate } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import { isLegalInsertId } from './mixpanel-ids.ts'

/** Makes the insert ids of one message's events; asked in the order of their lines. */
export type DeriveId = (candidate: Candidate, time: number) => string

const DIGITS = /^\d+$/

/** Message id and line: the same at each delivery, and legible when the id is Pub/Sub's own. */
export function idsOfMessage({ messageId }: Message): DeriveId {
  const pubsubs = DIGITS.test(messageId)
  return function deriveId({ line }) {
    const id = `${messageId}-${line.number}`
    return pubsubs && isLegalInsertId(id) ? id : hashId(['message', messageId, line.number])
  }
}

/**
 * The event itself: the same in whatever message it comes. Equal lines of one message are as many
 * events, so their ordinal, from 1, counts in; the children of a line share it. A replay holds one
 * of them, and knows which.
 */
export function idsOfContent({ replay }: Message): DeriveId {
  const before = (replay?.ordinal ?? 1) - 1
  const ordinalOf = createOrdinals()

  return function deriveId({ line, text }, time) {
    // An event made of attributes alone has no line but its own text.
    const source = line.text === '' ? text : line.text
    return hashId(['content', source, time, before + ordinalOf(source, line.number)])
  }
}
