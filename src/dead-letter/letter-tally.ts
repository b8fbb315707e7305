import { createRanges } from '../lib/ranges.ts'
import type { RejectedMany } from '../model/dead-letter.ts'
import type { Line } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import type { RejectReason } from '../model/outcome.ts'
import type { RejectedEvent } from '../model/pending-event.ts'
import { type EventForm, publishedForm } from './letter-form.ts'
import { jsonBytes } from './letter-line.ts'
import { makeDeadLetter } from './make-dead-letter.ts'

/** The size of the letters of one message, before any of them is written. */
export interface LetterTally {
  /** Takes further rejected events of the message, in their order. */
  add(rejected: readonly RejectedEvent[]): void
  /** Returns the bytes of the letters as lines of a file; a lower bound once they are too many. */
  bytes(): number
  /** Whether one letter is to stand for all, for a message with this number of decoded bytes. */
  areTooMany(): boolean
  /** Returns the contents of the one letter for all events. */
  sum(): RejectedMany
}

/**
 * The factor by which letters may exceed the decoded bytes of their message; 1 MiB is allowed in
 * any case.
 */
const MOST_TIMES = 16
const ALWAYS_BYTES = 1024 * 1024
const MOST_BYTES = 64 * 1024 * 1024
/** The longest text of the ranges, because it must fit an attribute of a message, too. */
const MAX_LINES_LENGTH = 1_000
/** Any instant: all instants are equally long. */
const AT = 0

/** Makes a tally for a message whose decoded data has this number of bytes. */
export function createLetterTally(
  message: Message,
  decodedBytes: number,
  form: EventForm = publishedForm,
): LetterTally {
  const mostBytes = Math.min(Math.max(ALWAYS_BYTES, MOST_TIMES * decodedBytes), MOST_BYTES)
  const lines = createRanges(MAX_LINES_LENGTH)
  const reasons: Partial<Record<RejectReason, number>> = {}
  let messageBytes: number | undefined
  let bytes = 0
  let count = 0
  let field: string | undefined
  let isAnyTooLong = false

  return { add, bytes: () => bytes, areTooMany, sum }

  function add(rejected: readonly RejectedEvent[]): void {
    for (const event of rejected) {
      const { outcome, line } = event
      count += 1
      reasons[outcome.reason] = (reasons[outcome.reason] ?? 0) + 1
      field ??= outcome.field
      if (line) addLine(line)
      if (bytes <= mostBytes && !isAnyTooLong) bytes += bytesOf(event)
    }
  }

  function addLine({ number, isTooLong, isRest }: Line): void {
    isAnyTooLong ||= isTooLong ?? false
    lines.add(number)
    if (isRest) lines.endless()
  }

  function areTooMany(): boolean {
    return isAnyTooLong || (count > 1 && bytes > mostBytes)
  }

  /**
   * Returns the size of a letter. The part about the message is measured once: it is the same in all
   * its letters, unless a privacy section takes values of the event out of it.
   */
  function bytesOf(event: RejectedEvent): number {
    const { message: about, ...own } = makeDeadLetter(message, event, AT, form)
    messageBytes ??= Buffer.byteLength(`,"message":${JSON.stringify(about)}\n`)
    return jsonBytes(own) + messageBytes
  }

  function sum(): RejectedMany {
    return { events: count, lines: lines.text(), reasons, ...(field !== undefined && { field }) }
  }
}
