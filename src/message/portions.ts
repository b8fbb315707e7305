import { createIsIn, TO_THE_END } from '../lib/ranges.ts'
import type {
  Body,
  Candidate,
  Decoded,
  Line,
  Place,
  PreparedEvent,
  ReadLine,
} from '../model/event.ts'
import type { Message, ReplayedChild } from '../model/message.ts'
import { type Dropped, type Rejected, rejected, retry } from '../model/outcome.ts'
import type { MadeEvent } from '../model/pending-event.ts'
import { placeLines } from './place-lines.ts'

/** The stages that make events of a message. Their results depend on the message alone. */
export interface MakingStages {
  /** Cuts a line out of the body of its message, and parses it. */
  readLine(body: Body, place: Place): ReadLine
  /** Maps one JSON value with the owner's transform. Without one, the line itself is the event. */
  transform(value: unknown, line: Line, message: Message): Mapped
  /** Maps a message that has attributes only. Without a transform, there is no event. */
  transformAttributes(line: Line, message: Message): Mapped
  /** Makes a function for one message. It takes the candidates one by one, in order. */
  prepare(message: Message): (candidate: Candidate) => PreparedEvent | Rejected
}

type Mapped = readonly Candidate[] | Dropped | Rejected

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
  /** Returns the next portion; an empty one when there are no events, or no more. */
  next(): Portion
  /** Leaves out the next lines without reading them. */
  skip(lines: number): void
}

/**
 * The outcome when the transform makes fewer events of the line than it did when the letter was
 * written.
 */
const NO_SUCH_CHILD: Dropped = Object.freeze({ kind: 'dropped', rule: 'transform' })

const LINES_LACKING: Decoded = Object.freeze({
  kind: 'undecodable',
  outcome: rejected('invalid_event', 'the letter names lines that its data does not have'),
})

/** The line of an event that was made of attributes alone. */
const NO_LINE: Line = { number: 1, text: '' }

export function createPortions(
  read: Decoded,
  pushed: Message,
  deps: { readonly stages: MakingStages; readonly size: PortionSize },
): Portions {
  const { stages, size } = deps
  const decoded = lacksLines(read, pushed) ? LINES_LACKING : read
  const text = decoded.kind === 'lines' ? decoded : undefined
  const placed = text && placeLines(pushed, text.lines)
  const message = placed?.message ?? pushed
  const lines = placed?.lines[Symbol.iterator]()
  const prepare = stages.prepare(message)
  const isSent = message.replay?.lines ? createIsIn(message.replay.lines) : () => true
  /** The next line, read ahead to know whether there is one. */
  let ahead = lines?.next()

  return { message, next, skip }

  function next(): Portion {
    if (!lines || !text) return { events: wholeEvents(), lines: 0, isLast: true }
    const events: MadeEvent[] = []
    let characters = 0
    let count = 0
    while (
      ahead &&
      !ahead.done &&
      Math.max(count, events.length) < size.events &&
      characters < size.characters
    ) {
      characters += addLine(events, text.body, ahead.value)
      count += 1
      ahead = lines.next()
    }
    return { events, lines: count, isLast: ahead?.done ?? false }
  }

  function skip(count: number): void {
    for (let skipped = 0; skipped < count; skipped += 1) ahead = lines?.next()
  }

  function wholeEvents(): readonly MadeEvent[] {
    if (decoded.kind === 'out_of_time') return [{ child: 0, step: retry('overloaded') }]
    if (decoded.kind === 'undecodable') return [{ child: 0, step: decoded.outcome }]
    const events: MadeEvent[] = []
    addEvents(events, NO_LINE, stages.transformAttributes(NO_LINE, message))
    return events
  }

  /** Adds the events of a line. Returns its length in characters. */
  function addLine(events: MadeEvent[], body: Body, place: Place): number {
    const { line, parsed } = stages.readLine(body, place)
    const isBad = parsed.kind === 'rejected'
    const before = events.length
    addEvents(events, line, isBad ? parsed : stages.transform(parsed.value, line, message))
    // The events are made all the same, because ids of the content depend on the events before
    // them.
    if (!isSent(line.number)) events.push(...events.splice(before).filter(isAmongEquals))
    return line.text.length
  }

  function addEvents(events: MadeEvent[], line: Line, mapped: Mapped): void {
    const sought = message.replay?.child
    if ('kind' in mapped) {
      events.push({ line, ...placeOf(sought), step: mapped })
      return
    }
    // Each is prepared, sought or not: the ids of siblings depend on each other.
    const made: MadeEvent[] = sought ? [] : events
    for (const candidate of mapped) {
      const { child } = candidate
      const siblings = mapped.length > 1 ? { children: mapped.length } : {}
      made.push({ line, child, ...siblings, step: prepare(candidate) })
    }
    if (sought) events.push(...onlySought(made, line, sought))
  }
}

/**
 * Whether a letter of many events names lines that its data does not have. Lines were then removed
 * from it, and the numbers do not show any more which lines are to be sent.
 */
function lacksLines(decoded: Decoded, { replay }: Message): boolean {
  const last = replay?.lines?.at(-1)
  if (decoded.kind !== 'lines' || replay?.line !== 0) return false
  if (!last || last.to === TO_THE_END) return false
  let lastNumber = 0
  for (const { number } of decoded.lines) lastNumber = number
  return lastNumber < last.from
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
 * letter's transform did not make. The other children are settled, or have letters of their own.
 */
function onlySought(made: readonly MadeEvent[], line: Line, sought: ReplayedChild): MadeEvent[] {
  const found = made
    .filter(({ child }) => Math.max(1, child) === sought.place)
    .map((event) => ({ ...event, ...placeOf(sought) }))
  const more = made.filter(({ child }) => child > sought.of)
  if (found.length + more.length > 0) return [...found, ...more]
  return [{ line, ...placeOf(sought), step: NO_SUCH_CHILD }]
}

/**
 * Returns the place of an event among those of its line. A letter that comes again keeps its place.
 */
function placeOf(sought: ReplayedChild | undefined): Pick<MadeEvent, 'child' | 'children'> {
  return sought ? { child: sought.place, children: sought.of } : { child: 0 }
}
