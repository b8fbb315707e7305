import { createAlarms } from '../lib/alarms.ts'
import type { Clock } from '../lib/clock.ts'
import type { Party, Traveller } from '../model/journey.ts'
import { retry } from '../model/outcome.ts'

/** Events that wait before they are nacked, because a nack slows the whole subscription. */
export interface Holding {
  /** Returns the events as `suspect` when the time of their message is up. They hold no permit. */
  hold(batch: readonly Traveller[]): void
  /** Returns all events at once, and holds none from now on. */
  drain(): void
}

export function createHolding(clock: Clock): Holding {
  const alarms = createAlarms(clock)
  let draining = false

  return { hold, drain }

  function hold(batch: readonly Traveller[]): void {
    for (const [party, travellers] of byParty(batch)) holdBack(party, travellers)
  }

  function holdBack(party: Party, travellers: readonly Traveller[]): void {
    // The time may have moved meanwhile: a redelivery brings new time.
    if (!draining && clock.monotonic() < party.deliverBy) {
      alarms.set(party.deliverBy, () => holdBack(party, travellers))
      return
    }
    const outcome = retry(draining ? 'draining' : 'suspect')
    for (const traveller of travellers) party.arrived(traveller, outcome)
  }

  function drain(): void {
    draining = true
    alarms.pullTo(clock.monotonic())
  }
}

function byParty(batch: readonly Traveller[]): ReadonlyMap<Party, readonly Traveller[]> {
  return Map.groupBy(batch, ({ party }) => party)
}
