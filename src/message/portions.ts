import { createRangeTest, TO_THE_END } from '../lib/ranges.ts'
import type { Body, Decoded, Line, Place } from '../model/event.ts'
import type { Message, Replay, ReplayedChild } from '../model/message.ts'
import { type Dropped, type Rejected, type Retry, rejected, retry } from '../model/outcome.ts'
import type { MadeEvent } from '../model/pending-event.ts'
import { replayLines } from './replay-lines.ts'

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

/** The events of a line. One that `ended` before it became events is one event with its outcome. */
export interface LineEvents {
  readonly kind: 'events' | 'ended'
  readonly line: Line
  readonly events: readonly MadeEvent[]
}

/** Some of the events of a message, one after the other. */
export interface Portion {
  readonly events: readonly MadeEvent[]
  /** The number of their lines. All events of a line come in one portion. */
  readonly lines: number
  readonly isLast: boolean
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
  /** The bytes of the decoded data. */
  readonly decodedBytes: number
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

/**
 * The outcome when the transform makes fewer events of the line than it did when the letter was
 * written.
 */
const NO_SUCH_CHILD: Dropped = Object.freeze({ kind: 'dropped', rule: 'transform' })

const LINES_LACKING = rejected(
  'invalid_event',
  'the letter names lines that its data does not have',
)

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
    decodedBytes: 0,
    next: () => ({ events: [{ child: 0, step }], lines: 0, isLast: true }),
    skip: () => {},
    again: () => portions,
  }
  return portions
}

function portionsOfLines(
  decoded: Extract<Decoded, { kind: 'lines' }>,
  pushed: Message,
  deps: PortionsDeps,
  making: Making,
): Portions {
  const { body } = decoded
  const { size } = deps
  const { message, lines } = replayLines(pushed, decoded.lines)
  const eventsOfLine = deps.eventsOf(message, making)
  const { replay } = message
  const isSent = replay?.lines && createRangeTest(replay.lines)
  const places = lines[Symbol.iterator]()
  /** The next line, read ahead to know whether there is one. */
  let ahead = places.next()
  /** The events of the message, when they make one portion and are kept. */
  let only: Portion | undefined
  let isFirst = true

  return { message, decodedBytes: body.bytes.length, next, skip, again }

  function next(): Portion {
    const events: MadeEvent[] = []
    let characters = 0
    let count = 0
    while (
      !ahead.done &&
      Math.max(count, events.length) < size.events &&
      characters < size.characters
    ) {
      characters += addLine(events, ahead.value)
      count += 1
      ahead = places.next()
    }
    const portion = { events, lines: count, isLast: ahead.done === true }
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

  /** Adds the events of a line. Returns its length in characters. */
  function addLine(events: MadeEvent[], place: Place): number {
    const made = eventsOfLine(body, place)
    const { line } = made
    const all = replay?.child ? eventsOfChild(made, replay.child) : made.events
    // The events are made all the same, because ids of the content depend on the events before
    // them.
    for (const event of all) {
      if (!isSent || isSent(line.number) || isAmongEquals(event)) events.push(event)
    }
    return line.text.length
  }
}

/**
 * Whether a letter of many events names lines that its data does not have. Lines were then removed
 * from it, and the numbers do not show any more which lines are to be sent.
 */
function lacksLines(lines: Iterable<Place>, replay: Replay): boolean {
  // A letter for one line has that line alone, under its number in the original message.
  if (replay.line !== 0) return false
  const lastNamed = replay.lines?.at(-1)?.to ?? TO_THE_END
  if (lastNamed === TO_THE_END) return false
  let last = 0
  for (const { number, isRest } of lines) last = isRest ? TO_THE_END : number
  return last < lastNamed
}

/**
 * Whether an event's id depends on its being the second of its equals, or a later one. When some of
 * the equals were rejected, the imported ones have the first of these ids. Only all of them
 * together have all ids.
 */
function isAmongEquals({ step }: MadeEvent): boolean {
  return step.kind === 'prepared' && (step.ordinal ?? 1) > 1
}

/**
 * Returns the events of a line whose letter is for one child: that child, and those that the
 * letter's transform did not make. The other children are settled, or have letters of their own. A
 * letter that comes again keeps its place.
 */
function eventsOfChild(made: LineEvents, sought: ReplayedChild): readonly MadeEvent[] {
  const { line } = made
  const place = { child: sought.place, children: sought.of }
  if (made.kind === 'ended') return made.events.map((event) => ({ ...event, ...place }))
  const found = made.events
    .filter(({ child }) => Math.max(1, child) === sought.place)
    .map((event) => ({ ...event, ...place }))
  const more = made.events.filter(({ child }) => child > sought.of)
  if (found.length + more.length > 0) return [...found, ...more]
  return [{ line, ...place, step: NO_SUCH_CHILD }]
}
