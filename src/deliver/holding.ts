import { createAlarms } from '../lib/alarms.ts'
import type { Clock } from '../lib/clock.ts'
import { retry } from '../model/outcome.ts'
import type { OutcomeSink, PendingEvent } from '../model/pending-event.ts'

/** Events that wait before they are nacked, because a nack slows the whole subscription. */
export interface Holding {
  /** Returns the events as `suspect` when the time of their message is up. They hold no slot. */
  hold(batch: readonly PendingEvent[]): void
  /** Returns all events at once, and holds none from now on. */
  drain(): void
}

export function createHolding(clock: Clock): Holding {
  const alarms = createAlarms(clock)
  let draining = false

  return { hold, drain }

  function hold(batch: readonly PendingEvent[]): void {
    for (const [sink, pending] of bySink(batch)) holdBack(sink, pending)
  }

  function holdBack(sink: OutcomeSink, pending: readonly PendingEvent[]): void {
    // The time may have moved meanwhile: a redelivery brings new time.
    if (!draining && clock.monotonic() < sink.deliverBy) {
      alarms.set(sink.deliverBy, () => holdBack(sink, pending))
      return
    }
    const outcome = retry(draining ? 'draining' : 'suspect')
    for (const event of pending) sink.report(event, outcome)
  }

  function drain(): void {
    draining = true
    alarms.pullTo(clock.monotonic())
  }
}

function bySink(batch: readonly PendingEvent[]): ReadonlyMap<OutcomeSink, readonly PendingEvent[]> {
  return Map.groupBy(batch, ({ sink }) => sink)
}
