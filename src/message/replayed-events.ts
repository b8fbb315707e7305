import { createRangeTest, TO_THE_END } from '../lib/ranges.ts'
import type { Place } from '../model/event.ts'
import type { Message, Replay, ReplayedChild } from '../model/message.ts'
import { type Dropped, rejected } from '../model/outcome.ts'
import type { LineEvents, MadeEvent } from '../model/pending-event.ts'

/** The lines of a message, and the message that they belong to. */
interface LinesOf {
  readonly message: Message
  readonly lines: Iterable<Place>
}

/** The outcome of a letter whose data was changed by hand, so that its numbers name other lines. */
export const LINES_LACKING = rejected(
  'invalid_event',
  'the letter names lines that its data does not have',
)

/**
 * The outcome when the transform makes fewer events of the line than it did when the letter was
 * written.
 */
const NO_SUCH_CHILD: Dropped = Object.freeze({ kind: 'dropped', rule: 'transform' })

/**
 * Whether a letter of many events names lines that its data does not have. Lines were then removed
 * from it, and the numbers do not show any more which lines are to be sent.
 */
export function lacksLines(lines: Iterable<Place>, replay: Replay): boolean {
  // A letter for one line has that line alone, under its number in the original message.
  if (replay.line !== 0) return false
  const lastNamed = replay.lines?.at(-1)?.to ?? TO_THE_END
  if (lastNamed === TO_THE_END) return false
  let last = 0
  for (const { number, isRest } of lines) last = isRest ? TO_THE_END : number
  return last < lastNamed
}

/**
 * Gives the one event of a replay the place that it had in its message, so that it gets the same
 * ids. When the replay was split by hand, its lines belong to a message named for the letter: under
 * the original's name they would take the ids of its other lines.
 */
export function replayLines(message: Message, replay: Replay, lines: Iterable<Place>): LinesOf {
  if (replay.line === 0) return { message, lines }
  const [only, another] = lines
  if (another) {
    const { child, lines: _, ...known } = replay
    return { message: { ...message, messageId: replay.id, replay: { ...known, line: 0 } }, lines }
  }
  return { message, lines: only ? [{ ...only, number: replay.line }] : [] }
}

/**
 * Makes a function that returns the events of a line that a replay sends: those of its child, or of
 * the lines that its letter names. It is called for each line, in order. All events of the message
 * are made all the same, because ids of the content depend on the events before them.
 */
export function createSelectReplayed({
  child,
  lines,
}: Replay): (made: LineEvents) => readonly MadeEvent[] {
  const isNamed = lines && createRangeTest(lines)

  return function selectReplayed(made) {
    const events = child ? eventsOfChild(made, child) : made.events
    return !isNamed || isNamed(made.line.number) ? events : events.filter(isAmongEquals)
  }
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
