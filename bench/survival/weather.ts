import type { Row } from '../../src/local/mixpanel/row-store.ts'
import { createDeck } from './deck.ts'
import type { Faults } from './faults.ts'
import { pause } from './patience.ts'
import type { Random } from './random.ts'

/** Faults that come and go as a seed decides: each fault once, before any comes again. */
export interface Weather {
  /** Strikes with faults, one after the other, until `end`. */
  begin(): void
  /** Resolves when the last fault is over. None strikes until `begin`. */
  end(): Promise<void>
  /** The number of strikes of each fault. */
  counts(): ReadonlyMap<string, number>
  /** Resolves once `count` strikes are over in all. */
  waitForStrikes(count: number): Promise<void>
}

export interface WeatherOptions {
  readonly random: Random
  /** The most events stored between two strikes. */
  readonly calm: number
}

interface Sky {
  readonly faults: Faults
  watchRows(watch: (rows: readonly Row[]) => void): unknown
}

/** The weight of a common fault, once each fault has struck. */
const OFTEN = 4
const RARELY = 1
const LOOK_AGAIN_MS = 20

/** Creates a weather without faults until `begin`. */
export function createWeather(
  { faults, watchRows }: Sky,
  { random, calm }: WeatherOptions,
): Weather {
  const names = Object.keys(faults)
  const counts = new Map(names.map((name) => [name, 0]))
  const weights = names.map((name) => [name, faults[name]?.isRare ? RARELY : OFTEN] as const)
  const deck = createDeck(new Map(weights), random)
  let blowing = Promise.resolve()
  let ended = true
  let stored = 0
  let over = 0
  watchRows((rows) => {
    stored += rows.length
  })

  return { begin, end, counts: () => counts, waitForStrikes }

  function begin(): void {
    ended = false
    blowing = blow()
  }

  async function end(): Promise<void> {
    ended = true
    await blowing
  }

  async function waitForStrikes(count: number): Promise<void> {
    while (!ended && over < count) await pause(LOOK_AGAIN_MS)
  }

  /** Strikes with one fault at a time: a second would hide the first. Their effects mix anyway. */
  async function blow(): Promise<void> {
    while (!ended) {
      await recovery(1 + random.int(calm))
      if (ended) return
      const name = deck.draw()
      counts.set(name, (counts.get(name) ?? 0) + 1)
      const fault = faults[name]
      await fault?.strike(random)
      const [fewest, most] = fault?.lastsMs ?? [0, 0]
      await pause(fewest + random.int(most - fewest + 1))
      fault?.end?.()
      over += 1
    }
  }

  /**
   * Waits for imports after a fault. Without the wait, the service would never recover: one push
   * would be under way at a time, with few events in each import.
   */
  async function recovery(events: number): Promise<void> {
    const enough = stored + events
    while (!ended && stored < enough) await pause(LOOK_AGAIN_MS)
  }
}
