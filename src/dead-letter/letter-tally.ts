import { createRanges } from '../lib/ranges.ts'
import type { RejectedMany } from '../model/dead-letter.ts'
import type { Line } from '../model/event.ts'
import type { RejectedJourney } from '../model/journey.ts'
import type { Message } from '../model/message.ts'
import type { RejectReason } from '../model/outcome.ts'
import { letterOfJourney } from './letter-of-journey.ts'

/** What the letters of one message would take, before any of them is written. */
export interface LetterTally {
  /** Takes further rejected events of the message, in their order. */
  add(journeys: readonly RejectedJourney[]): void
  /** Bytes of the letters as lines of a file; a lower bound once they are too many. */
  bytes(): number
  /** Whether one letter is to stand for all, for a message of so many decoded bytes. */
  areTooMany(): boolean
  /** All that the one letter says of the events. */
  sum(): RejectedMany
}

/** Letters may take so many times the decoded bytes of their message, and 1 MiB in any case. */
const MOST_TIMES = 16
const ALWAYS_BYTES = 1024 * 1024
const MOST_BYTES = 64 * 1024 * 1024
/** The ranges travel in an attribute of a message, too. */
const MAX_LINES_LENGTH = 1_000
/** Any instant: all are written alike. */
const AT = 0

/** Tallies what was rejected in a message whose data has so many bytes when it is decoded. */
export function createLetterTally(message: Message, decodedBytes: number): LetterTally {
  const mostBytes = Math.min(Math.max(ALWAYS_BYTES, MOST_TIMES * decodedBytes), MOST_BYTES)
  const lines = createRanges(MAX_LINES_LENGTH)
  const reasons: Partial<Record<RejectReason, number>> = {}
  let messageBytes: number | undefined
  let bytes = 0
  let events = 0
  let field: string | undefined
  let isAnyTooLong = false

  return { add, bytes: () => bytes, areTooMany, sum }

  function add(journeys: readonly RejectedJourney[]): void {
    for (const journey of journeys) {
      const { outcome, line } = journey
      events += 1
      reasons[outcome.reason] = (reasons[outcome.reason] ?? 0) + 1
      field ??= outcome.field
      if (line) addLine(line)
      if (bytes <= mostBytes && !isAnyTooLong) bytes += bytesOf(journey)
    }
  }

  function addLine({ number, isTooLong, isRest }: Line): void {
    isAnyTooLong ||= isTooLong ?? false
    lines.add(number)
    if (isRest) lines.endless()
  }

  function areTooMany(): boolean {
    return isAnyTooLong || (events > 1 && bytes > mostBytes)
  }

  /** Exact. What letters say of their message, they all say alike. */
  function bytesOf(journey: RejectedJourney): number {
    const { message: about, ...own } = letterOfJourney(message, journey, AT)
    messageBytes ??= Buffer.byteLength(`,"message":${JSON.stringify(about)}\n`)
    return Buffer.byteLength(JSON.stringify(own)) + messageBytes
  }

  function sum(): RejectedMany {
    return { events, lines: lines.text(), reasons, ...(field !== undefined && { field }) }
  }
}
