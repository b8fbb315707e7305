import type { EventOutcome, Tally } from '../model/outcome.ts'
import type { Settlement } from '../model/settlement.ts'

/** Where events went, counted: the `outcome` label of `events_settled_total`. */
const DESTINATIONS = ['imported', 'dead_lettered', 'dropped', 'returned'] as const
type Destination = (typeof DESTINATIONS)[number]

/** `returned` carries the message's reason, `dead_lettered` the event's. */
interface Entry {
  readonly destination: Destination
  readonly reason: string
  readonly count: number
}

/** received = imported + dead_lettered + dropped + returned + pending, at any moment: promise 5. */
export type Totals = Readonly<Record<'received' | Destination | 'pending', number>>

/** What has come in events, and where it went. */
export interface Books {
  receive(count: number): void
  settle(tallies: readonly Tally[], settlement: Settlement): void
  totals(): Totals
  entries(): readonly Entry[]
}

/** Books that start empty. Plain numbers: they are written on the hot path and read by a scrape. */
export function createBooks(): Books {
  const counts: Readonly<Record<Destination, Map<string, number>>> = {
    imported: new Map(),
    dead_lettered: new Map(),
    dropped: new Map(),
    returned: new Map(),
  }
  let received = 0
  let pending = 0

  return { receive, settle, totals, entries }

  function receive(count: number): void {
    received += count
    pending += count
  }

  function settle(tallies: readonly Tally[], settlement: Settlement): void {
    for (const { outcome, count } of tallies) {
      const destination = destinationOf(outcome, settlement)
      const reason = reasonOf(destination, outcome, settlement)
      counts[destination].set(reason, (counts[destination].get(reason) ?? 0) + count)
      pending -= count
    }
  }

  function totals(): Totals {
    const settled = { imported: 0, dead_lettered: 0, dropped: 0, returned: 0 }
    for (const { destination, count } of entries()) settled[destination] += count
    return { received, ...settled, pending }
  }

  function entries(): readonly Entry[] {
    return DESTINATIONS.flatMap((destination) =>
      [...counts[destination]].map(([reason, count]) => ({ destination, reason, count })),
    )
  }
}

/** A rejected event is stored only when its message is acked: else it comes back with it. */
function destinationOf(outcome: EventOutcome, settlement: Settlement): Destination {
  if (outcome.kind === 'imported' || outcome.kind === 'dropped') return outcome.kind
  return outcome.kind === 'rejected' && settlement.kind === 'ack' ? 'dead_lettered' : 'returned'
}

function reasonOf(destination: Destination, outcome: EventOutcome, settlement: Settlement): string {
  if (destination === 'returned') return settlement.reason
  if (outcome.kind === 'rejected') return outcome.reason
  return outcome.kind === 'dropped' ? outcome.rule : ''
}
