import type { Clock } from '../lib/clock.ts'
import { createExpiringMap } from '../lib/expiring-map.ts'
import type { PendingEvent } from '../model/pending-event.ts'
import type { Trust } from './trust.ts'

/** The refusals that earlier deliveries met, by message: Pub/Sub brings the same message again. */
export interface Refusals {
  /**
   * Notes that a delivery refused a single event. Returns the number of such deliveries. One counts
   * only if something was imported since the one before.
   */
  countDelivery(event: PendingEvent): number
  /**
   * Notes the number of requests of a bisection that refused these events, while others of the
   * bisection were imported. A bisection may run out of time before an event stands alone.
   */
  noteBisection(batch: readonly PendingEvent[], requests: number): void
  /**
   * Returns the number of requests of an earlier bisection that refused all of these events; 0 when
   * none is noted.
   */
  requestsBefore(batch: readonly PendingEvent[]): number
  /** Notes that a text about a batch may be about one of its events, and not about Mixpanel. */
  noteText(batch: readonly PendingEvent[]): void
  /** Whether such a text was noted for one of the messages, and something was imported since. */
  isAboutEvents(batch: readonly PendingEvent[]): boolean
}

interface Count {
  readonly deliveries: number
  /** The monotonic instant at which the last one that counts ended. */
  readonly at: number
}

/** A time longer than ten deliveries at Pub/Sub's longest back-off. */
const LIFETIME_MS = 7_200_000
/** The most bytes of each of the three memories: some 16,000 entries. */
const MAX_BYTES = 4 * 1024 * 1024
/** The rough size of a key, a value and the map's own share. */
const ENTRY_BYTES = 256

/** Makes a memory for one process. Each instance counts for itself. */
export function createRefusals(trust: Pick<Trust, 'hasImportedSince'>, clock: Clock): Refusals {
  const options = { lifetimeMs: LIFETIME_MS, maxBytes: MAX_BYTES }
  const counts = createExpiringMap<Count>(options, clock)
  const requests = createExpiringMap<number>(options, clock)
  const texts = createExpiringMap<number>(options, clock)

  return { countDelivery, noteBisection, requestsBefore, noteText, isAboutEvents }

  function countDelivery(event: PendingEvent): number {
    const key = keyOf(event)
    const before = counts.recall(key)
    if (before && !trust.hasImportedSince(before.at)) return before.deliveries
    const count = { deliveries: (before?.deliveries ?? 0) + 1, at: clock.monotonic() }
    counts.remember(key, count, ENTRY_BYTES)
    return count.deliveries
  }

  function noteBisection(batch: readonly PendingEvent[], count: number): void {
    for (const event of batch) requests.remember(keyOf(event), count, ENTRY_BYTES)
  }

  function requestsBefore(batch: readonly PendingEvent[]): number {
    return Math.min(...batch.map((event) => requests.recall(keyOf(event)) ?? 0))
  }

  function noteText(batch: readonly PendingEvent[]): void {
    for (const key of keysIn(batch)) {
      if (texts.recall(key) === undefined) texts.remember(key, clock.monotonic(), ENTRY_BYTES)
    }
  }

  function isAboutEvents(batch: readonly PendingEvent[]): boolean {
    return keysIn(batch).some((key) => {
      const at = texts.recall(key)
      return at !== undefined && trust.hasImportedSince(at)
    })
  }
}

function keyOf({ sink, place }: PendingEvent): string {
  return `${sink.key} ${place}`
}

function keysIn(batch: readonly PendingEvent[]): readonly string[] {
  return [...new Set(batch.map(({ sink }) => sink.key))]
}
