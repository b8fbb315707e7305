import type { Clock } from '../lib/clock.ts'
import { eventGroup, eventLine, type FeedEvent } from './event-line.ts'
import { numberText } from './frame/count-text.ts'

/** Prints the events of a local world, at the speed of a reader. */
export interface EventFeed {
  print(event: FeedEvent): void
  /** Prints the counts of the present second at once. */
  close(): void
}

export interface EventFeedDeps {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly write: (line: string) => void
}

const LINES_A_SECOND = 20
const SECOND_MS = 1_000

/**
 * Makes a feed that prints a line for each event, with its time. After the twentieth line in a
 * second, it prints one line with the counts. It always prints a changed switch.
 */
export function createEventFeed({ clock, write }: EventFeedDeps): EventFeed {
  /** The events of the present second that have no line, by group. */
  const counts = new Map<string, number>()
  let events = 0

  return { print, close: printCounts }

  function print(event: FeedEvent): void {
    if (events === 0) clock.after(SECOND_MS, printCounts)
    if (events < LINES_A_SECOND || event.kind === 'switched') writeLine(eventLine(event))
    else counts.set(eventGroup(event), (counts.get(eventGroup(event)) ?? 0) + 1)
    events += 1
  }

  function printCounts(): void {
    const sums = [...counts].map(([group, count]) => `${numberText(count)} ${group}`)
    if (sums.length > 0) writeLine(`…and         ${sums.join(', ')}`)
    counts.clear()
    events = 0
  }

  function writeLine(text: string): void {
    write(`${new Date(clock.now()).toISOString().slice('YYYY-MM-DDT'.length, -1)}  ${text}`)
  }
}
