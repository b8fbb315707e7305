import type { Clock } from '../lib/clock.ts'

/** The numbers of events by group, such as `acked`. */
export type EventCounts = Readonly<Record<string, number>>

/** Shows the events of a local world one by one, and counts those that come too quickly. */
export interface ThinnedEvents<Event> {
  add(event: Event): void
  /** Shows the counts of the present second at once. */
  close(): void
}

export interface ThinnedEventsDeps<Event> {
  readonly clock: Pick<Clock, 'after'>
  /** The most events that are shown in a second. A changed switch is always shown. */
  readonly mostASecond: number
  /** Returns the group in which an event is counted when it is not shown. */
  readonly groupOf: (event: Event) => string
  readonly show: (event: Event) => void
  /** Called at the end of a second with the events that were not shown, if there are any. */
  readonly showCounts: (counts: EventCounts) => void
}

const SECOND_MS = 1_000

/** Makes such a view. The first event begins a second, and so does the first after a second's end. */
export function createThinnedEvents<Event extends { readonly kind: string }>(
  deps: ThinnedEventsDeps<Event>,
): ThinnedEvents<Event> {
  const { clock, mostASecond, groupOf, show, showCounts } = deps
  let counts = new Map<string, number>()
  let events = 0

  return { add, close: endSecond }

  function add(event: Event): void {
    if (events === 0) clock.after(SECOND_MS, endSecond)
    if (events < mostASecond || event.kind === 'switched') show(event)
    else counts.set(groupOf(event), (counts.get(groupOf(event)) ?? 0) + 1)
    events += 1
  }

  function endSecond(): void {
    const counted = counts
    counts = new Map()
    events = 0
    if (counted.size > 0) showCounts(Object.fromEntries(counted))
  }
}
