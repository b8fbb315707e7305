import type { EventOutcome, Tally } from '../model/outcome.ts'
import type { Settlement } from '../model/settlement.ts'

/** The places where events went: the `outcome` label of `events_settled_total`. */
const DESTINATIONS = ['imported', 'dead_lettered', 'dropped', 'returned'] as const
type Destination = (typeof DESTINATIONS)[number]

/** A count of events. `returned` carries the message's reason, `dead_lettered` the event's. */
interface Entry {
  readonly destination: Destination
  readonly reason: string
  readonly count: number
}

const IMPORTED = { destination: 'imported', reason: '' } as const
type NotImported = Exclude<EventOutcome, { kind: 'imported' }>

/**
 * The totals: received = imported + dead_lettered + dropped + returned + pending, at any moment.
 */
export type Totals = Readonly<Record<'received' | Destination | 'pending', number>>

/** The counts of the events that came in, and of where they went. */
export interface EventTotals {
  receive(count: number): void
  settle(tallies: readonly Tally[], settlement: Settlement): void
  snapshot(): Totals
  /** Returns the settled events, by destination and reason. */
  byReason(): readonly Entry[]
  /** Calls `task` before each change. There is one task. */
  beforeChange(task: () => void): void
}

/**
 * Makes event totals that start at zero. They are plain numbers: every push writes them, and a scrape
 * reads them.
 */
export function createEventTotals(): EventTotals {
  const counts: Readonly<Record<Destination, Map<string, number>>> = {
    imported: new Map(),
    dead_lettered: new Map(),
    dropped: new Map(),
    returned: new Map(),
  }
  let received = 0
  let pending = 0
  let willChange = () => {}

  return { receive, settle, snapshot, byReason, beforeChange }

  function beforeChange(task: () => void): void {
    willChange = task
  }

  function receive(count: number): void {
    willChange()
    received += count
    pending += count
  }

  function settle(tallies: readonly Tally[], settlement: Settlement): void {
    willChange()
    for (const { outcome, count } of tallies) {
      const { destination, reason } =
        outcome.kind === 'imported' ? IMPORTED : endOf(outcome, settlement)
      counts[destination].set(reason, (counts[destination].get(reason) ?? 0) + count)
      pending -= count
    }
  }

  function snapshot(): Totals {
    const settled = { imported: 0, dead_lettered: 0, dropped: 0, returned: 0 }
    for (const { destination, count } of byReason()) settled[destination] += count
    return { received, ...settled, pending }
  }

  function byReason(): readonly Entry[] {
    return DESTINATIONS.flatMap((destination) =>
      [...counts[destination]].map(([reason, count]) => ({ destination, reason, count })),
    )
  }
}

/**
 * Returns where an event went that was not imported, and why. A rejected event is stored only when
 * its message is acked; otherwise it comes back with the message.
 */
function endOf(outcome: NotImported, settlement: Settlement): Omit<Entry, 'count'> {
  if (outcome.kind === 'dropped') return { destination: 'dropped', reason: outcome.rule }
  if (outcome.kind === 'rejected' && settlement.kind === 'ack') {
    return { destination: 'dead_lettered', reason: outcome.reason }
  }
  return { destination: 'returned', reason: settlement.reason }
}
