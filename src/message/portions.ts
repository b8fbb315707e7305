import type { Body, Decoded, DecodedLines, Place } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import { type Rejected, type Retry, retry } from '../model/outcome.ts'
import type { LineEvents, MadeEvent } from '../model/pending-event.ts'
import { createSelectReplayed, LINES_LACKING, lacksLines, replayLines } from './replayed-events.ts'

/** Whether events are made for the first time, or once more for their letters. */
export type Making = 'first' | 'again'

/**
 * Makes the events of the lines of one message. It is called for each line, in order, because the
 * ids of content depend on the events before.
 */
export type EventsOf = (
  message: Message,
  making: Making,
) => (body: Body, place: Place) => LineEvents

/** Some of the events of a message, one after the other. */
export interface Portion {
  readonly events: readonly MadeEvent[]
  /** The number of their lines. All events of a line come in one portion. */
  readonly lines: number
  readonly isLast: boolean
  /** Whether one of the events passed `prepare`, or was dropped by a rule. */
  readonly hasPassed: boolean
}

/**
 * The size of a portion: its events, or the characters of its lines, whichever is reached first.
 */
export interface PortionSize {
  readonly events: number
  readonly characters: number
}

/** The events of a message, made a portion at a time. */
export interface Portions {
  /**
   * The message of the events. For a replay that was split by hand, it is a message named for the
   * letter.
   */
  readonly message: Message
  /** The lines of the message; absent when it could not be decoded. */
  readonly decoded?: DecodedLines
  /** Returns the next portion; an empty one when there are no events, or no more. */
  next(): Portion
  /** Leaves out the next lines without reading them. */
  skip(lines: number): void
  /** Returns the events from the first on. They are made again, unless they were kept. */
  again(): Pick<Portions, 'message' | 'next'>
}

export interface PortionsDeps {
  readonly eventsOf: EventsOf
  readonly size: PortionSize
  /** Whether the events of a message of one portion are kept, so that they are not made again. */
  readonly keepsEvents: boolean
}

/** Makes the events of a message from its decoded data. */
export function createPortions(decoded: Decoded, pushed: Message, deps: PortionsDeps): Portions {
  switch (decoded.kind) {
    case 'out_of_time':
      return portionOfWhole(retry('overloaded'), pushed)
    case 'undecodable':
      return portionOfWhole(decoded.outcome, pushed)
    case 'lines':
      return pushed.replay && lacksLines(decoded.lines, pushed.replay)
        ? portionOfWhole(LINES_LACKING, pushed)
        : portionsOfLines(decoded, pushed, deps, 'first')
  }
}

/** Makes the only portion of a message that could not be read. It stands for the whole message. */
function portionOfWhole(step: Rejected | Retry, message: Message): Portions {
  const portions: Portions = {
    message,
    next: () => ({ events: [{ child: 0, step }], lines: 0, isLast: true, hasPassed: false }),
    skip: () => {},
    again: () => portions,
  }
  return portions
}

function portionsOfLines(
  decoded: DecodedLines,
  pushed: Message,
  deps: PortionsDeps,
  making: Making,
): Portions {
  const { body } = decoded
  const { size } = deps
  const { message, lines } = pushed.replay
    ? replayLines(pushed, pushed.replay, decoded.lines)
    : { message: pushed, lines: decoded.lines }
  const eventsOfLine = deps.eventsOf(message, making)
  const selectReplayed = message.replay && createSelectReplayed(message.replay)
  const places = lines[Symbol.iterator]()
  /** The next line, read ahead to know whether there is one. */
  let ahead = places.next()
  /** The events of the message, when they make one portion and are kept. */
  let only: Portion | undefined
  let isFirst = true

  return { message, decoded, next, skip, again }

  function next(): Portion {
    const events: MadeEvent[] = []
    let characters = 0
    let count = 0
    while (
      !ahead.done &&
      Math.max(count, events.length) < size.events &&
      characters < size.characters
    ) {
      const made = eventsOfLine(body, ahead.value)
      for (const event of selectReplayed?.(made) ?? made.events) events.push(event)
      characters += made.line.text.length
      count += 1
      ahead = places.next()
    }
    const hasPassed = events.some(({ step }) => step.kind === 'prepared' || step.kind === 'dropped')
    const portion = { events, lines: count, isLast: ahead.done === true, hasPassed }
    if (deps.keepsEvents) only = isFirst && portion.isLast ? portion : undefined
    isFirst = false
    return portion
  }

  function skip(count: number): void {
    isFirst = false
    for (let skipped = 0; skipped < count; skipped += 1) ahead = places.next()
  }

  function again(): Pick<Portions, 'message' | 'next'> {
    const kept = only
    return kept ? { message, next: () => kept } : portionsOfLines(decoded, pushed, deps, 'again')
  }
}
