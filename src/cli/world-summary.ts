import type { FeedEvent } from './event-line.ts'
import { countText, numberText } from './frame/count-text.ts'

/** The sums of what happened in a world. */
export interface WorldTally {
  add(event: FeedEvent): void
  /** Returns one line for people. */
  text(now: WorldNow): string
}

export interface WorldNow {
  /** The events that Mixpanel has, and how many of them are copies of others. */
  readonly rows: number
  readonly copies: number
  /** The messages that are not acked. */
  readonly backlog: number
}

/** Makes an empty tally. */
export function createWorldTally(): WorldTally {
  const nacks = new Map<string, number>()
  let [published, acks, letters] = [0, 0, 0]

  return { add, text }

  function add(event: FeedEvent): void {
    if (event.kind === 'published') published += 1
    if (event.kind === 'dead_letter') letters += 1
    if (event.kind !== 'delivered') return
    const why = event.code ?? event.answer
    if (event.settlement === 'ack') acks += 1
    else nacks.set(why, (nacks.get(why) ?? 0) + 1)
  }

  function text({ rows, copies, backlog }: WorldNow): string {
    const nacked = [...nacks.values()].reduce((sum, one) => sum + one, 0)
    const reasons = [...nacks].map(([why, count]) => `${why} ${numberText(count)}`).join(', ')
    return [
      `In all: ${countText(published, 'message')} published`,
      `${numberText(acks)} acked`,
      `${numberText(nacked)} nacked${nacked > 0 ? ` (${reasons})` : ''}`,
      `${countText(rows - copies, 'event')} in Mixpanel${copies > 0 ? ` (copies removed: ${numberText(copies)})` : ''}`,
      countText(letters, 'dead letter'),
      `${countText(backlog, 'message')} not acked`,
    ].join(', ')
  }
}
