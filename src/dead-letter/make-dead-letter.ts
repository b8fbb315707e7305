import { cutToBytes } from '../lib/cut-to-bytes.ts'
import type { LetterToStore, RejectedMany } from '../model/dead-letter.ts'
import type { Message } from '../model/message.ts'
import type { RejectedEvent } from '../model/pending-event.ts'
import type { EventForm, WholeParts } from './letter-form.ts'

/** The most bytes of a text for people. A transform or Mixpanel may give a longer one. */
const MAX_TEXT_BYTES = 1_024

/**
 * Makes the letter of a rejected event, or of a message that was rejected as a whole. It holds the
 * event in the given form. The time is in epoch ms.
 */
export function makeDeadLetter(
  message: Message,
  event: RejectedEvent,
  deadLetteredAt: number,
  form: EventForm,
): LetterToStore {
  const { content, stage, detail, about } = form(message, event)
  const { child, children, outcome, prepared } = event
  const ordinal = Math.max(message.replay?.ordinal ?? 1, event.ordinal)
  return {
    id: idOf(message, event),
    deadLetteredAt: new Date(deadLetteredAt).toISOString(),
    reason: outcome.reason,
    ...(outcome.field !== undefined && { field: cutToBytes(outcome.field, MAX_TEXT_BYTES) }),
    detail: cutToBytes(detail, MAX_TEXT_BYTES),
    ...content,
    stage,
    line: lineNumberOf(message, event),
    ...(ordinal > 1 && { ordinal }),
    ...(children !== undefined && { child, children }),
    ...(prepared && { insertId: prepared.insertId, time: prepared.time }),
    replays: message.replay ? message.replay.replays + 1 : 0,
    message: about,
  }
}

/**
 * Makes the one letter for many rejected events. It holds their whole message in the given form. The time is in
 * epoch ms.
 */
export function makeLetterOfMany(
  message: Message,
  { events, lines, reasons, field }: RejectedMany,
  deadLetteredAt: number,
  { content, stage, about }: WholeParts,
): LetterToStore {
  const counts = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`)
  const first = field === undefined ? '' : `; first field: ${field}`
  const line = message.replay?.line ?? 0
  return {
    id: `${message.messageId}-${line}`,
    deadLetteredAt: new Date(deadLetteredAt).toISOString(),
    reason: 'too_many_rejected',
    detail: cutToBytes(
      `${events === 1 ? '1 event was' : `${events} events were`} rejected: ${counts.join(', ')}${first}`,
      MAX_TEXT_BYTES,
    ),
    ...content,
    stage,
    line,
    events,
    lines,
    replays: message.replay ? message.replay.replays + 1 : 0,
    message: about,
  }
}

function idOf(message: Message, event: RejectedEvent): string {
  const id = `${message.messageId}-${lineNumberOf(message, event)}`
  return event.child === 0 ? id : `${id}-${event.child}`
}

/**
 * Returns the number of the line. A replay that cannot be read any more has the line of its event.
 */
function lineNumberOf({ replay }: Message, { line }: RejectedEvent): number {
  return line?.number ?? replay?.line ?? 0
}
