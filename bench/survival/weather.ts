import type { Row } from '../../src/local/mixpanel/row-store.ts'
import { createDeck } from './deck.ts'
import type { Faults } from './faults.ts'
import { pause } from './patience.ts'
import type { Random } from './random.ts'

/** Faults that come and go as a seed has it: each of them once, before any comes again. */
export interface Weather {
  /** Strikes again and again until `end`. */
  begin(): void
  /** Resolves when nothing is wrong any more, until `begin`. */
  end(): Promise<void>
  /** How often each fault has struck. */
  counts(): ReadonlyMap<string, number>
  /** Resolves once so many strikes are over, all in all. */
  waitForStrikes(count: number): Promise<void>
}

export interface WeatherOptions {
  readonly random: Random
  /** Between two strikes, at the most, in events stored: in a storm there are none. */
  readonly calm: number
}

interface Sky {
  readonly faults: Faults
  watchRows(watch: (rows: readonly Row[]) => void): unknown
}

/** How often a fault is drawn again, once each has struck. */
const OFTEN = 4
const RARELY = 1
const LOOK_AGAIN_MS = 20

/** Fair weather until it begins. */
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

  /** One at a time: two together would only hide each other. What they leave behind mixes anyway. */
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
   * Struck again before it has recovered, the service would stand in one endless storm: a push at a
   * time, and few events in each import.
   */
  async function recovery(events: number): Promise<void> {
    const enough = stored + events
    while (!ended && stored < enough) await pause(LOOK_AGAIN_MS)
  }
}
