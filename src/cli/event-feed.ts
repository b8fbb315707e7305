import type { Clock } from '../lib/clock.ts'
import { eventGroup, eventLine, type FeedEvent, type Paint, PLAIN } from './event-line.ts'
import { numberText } from './frame/count-text.ts'
import { createThinnedEvents, type EventCounts } from './thinned-events.ts'

/** Prints the events of a local world, at the speed of a reader. */
export interface EventFeed {
  print(event: FeedEvent): void
  /** Prints the counts of the present second at once. */
  close(): void
}

export interface EventFeedDeps {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly write: (line: string) => void
  /** No colours when absent. */
  readonly paint?: Paint
}

const LINES_A_SECOND = 20

/**
 * Makes a feed that prints a line for each event, with its time. After the twentieth line in a
 * second, it prints one line with the counts. It always prints a changed switch.
 */
export function createEventFeed({ clock, write, paint = PLAIN }: EventFeedDeps): EventFeed {
  const thinned = createThinnedEvents<FeedEvent>({
    clock,
    mostASecond: LINES_A_SECOND,
    groupOf: eventGroup,
    show: (event) => writeLine(eventLine(event, paint)),
    showCounts: (counts) => writeLine(`…and         ${countsText(counts)}`),
  })

  return { print: thinned.add, close: thinned.close }

  function writeLine(text: string): void {
    write(`${new Date(clock.now()).toISOString().slice('YYYY-MM-DDT'.length, -1)}  ${text}`)
  }
}

function countsText(counts: EventCounts): string {
  return Object.entries(counts)
    .map(([group, count]) => `${numberText(count)} ${group}`)
    .join(', ')
}
