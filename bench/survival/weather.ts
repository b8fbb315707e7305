import type { OddAnswer } from '../../src/local/mixpanel/odd-answers.ts'
import type { Row } from '../../src/local/mixpanel/row-store.ts'
import { areSwitchChanges, SWITCHES, type Switches } from '../../src/local/mixpanel/switches.ts'
import type { MixpanelStandIn } from '../../src/local/mixpanel-stand-in.ts'
import type { TokenIssuer } from '../../src/local/token-issuer.ts'
import type { Disk } from './disk.ts'
import { pause } from './patience.ts'
import type { Random } from './random.ts'

/** What the weather can strike. */
export interface Exposed {
  readonly mixpanel: MixpanelStandIn
  readonly issuer: TokenIssuer
  readonly disk: Disk
  watchRows(watch: (rows: readonly Row[]) => void): unknown
}

/** Faults that come and go as a seed has it. */
export interface Weather {
  /** Strikes again and again until `end`. */
  begin(): void
  /** Resolves when nothing is wrong any more, until `begin`. */
  end(): Promise<void>
  /** How often each fault has struck. */
  counts(): ReadonlyMap<string, number>
}

/** A fault that strikes, and is over after so many ms or, as most are, by itself. */
interface Fault {
  strike(exposed: Exposed, random: Random): void | Promise<void>
  readonly lastsMs?: readonly [fewest: number, most: number]
  /** Strikes less often than the others. */
  readonly isRare?: true
  end?(exposed: Exposed): void
}

/**
 * All of the stand-in's that may pass. A refusal of a good event would be believed: it is
 * Mixpanel's own word, twice.
 */
const ODD: readonly OddAnswer[] = [
  'upstream_error',
  'unavailable_page',
  'bad_gateway_page',
  'bad_gateway_text',
  'temporary_failure',
  'forbidden_page',
  'too_large_page',
  'bad_request_page',
  'moved',
  'no_content',
  'success_page',
  'success_empty',
  'success_status_0',
  'success_without_count',
  'count_too_high',
  'failed_none',
]

/** Every fault there is, by the name it has in the report. */
const FAULTS: Readonly<Record<string, Fault>> = {
  '429 storm': {
    strike: ({ mixpanel }, random) => {
      mixpanel.answerNext(1 + random.int(5), { kind: 'throttle', retryInMs: 1_000 })
    },
  },
  'quota exceeded': {
    lastsMs: [200, 1_500],
    strike: ({ mixpanel }, random) => mixpanel.limitTo({ events: 1_000 + random.int(20_000) }),
    end: ({ mixpanel }) => mixpanel.limitTo(undefined),
  },
  '5xx and 408': {
    strike: ({ mixpanel }, random) => {
      const status = random.pick([500, 502, 503, 504, 408])
      mixpanel.answerNext(1 + random.int(4), { kind: 'status', status, body: 'try later' })
    },
  },
  'outage of Mixpanel': {
    lastsMs: [500, 3_000],
    strike: ({ mixpanel }) => mixpanel.answerAlways({ kind: 'status', status: 503, body: 'down' }),
    end: ({ mixpanel }) => mixpanel.answerAlways('normally'),
  },
  'slow answers': {
    strike: ({ mixpanel }, random) => {
      mixpanel.answerNext(1 + random.int(10), { kind: 'delay', ms: 100 + random.int(2_000) })
    },
  },
  'no answer': { strike: ({ mixpanel }) => mixpanel.answerNext(1, { kind: 'hang' }) },
  /** Ten seconds: pushes are given up, and their messages pushed again while they are under way. */
  'no answer for longer than the ack deadline': {
    lastsMs: [11_000, 12_000],
    isRare: true,
    strike: ({ mixpanel }) => mixpanel.answerAlways({ kind: 'hang' }),
    end: ({ mixpanel }) => mixpanel.answerAlways('normally'),
  },
  'reset before the import': {
    strike: ({ mixpanel }, random) => {
      mixpanel.answerNext(1 + random.int(4), { kind: 'reset_before_import' })
    },
  },
  'reset after the import': {
    strike: ({ mixpanel }, random) => {
      mixpanel.answerNext(1 + random.int(4), { kind: 'reset_after_import' })
    },
  },
  'answer cut off': {
    strike: ({ mixpanel }, random) => mixpanel.answerNext(1 + random.int(4), { kind: 'cut_off' }),
  },
  shortfall: {
    strike: ({ mixpanel }, random) => {
      mixpanel.answerNext(1, { kind: 'shortfall', imported: random.int(50), once: true })
    },
  },
  'odd answer': {
    strike: ({ mixpanel }, random) => {
      mixpanel.answerNext(1, { kind: 'odd', answer: random.pick(ODD) })
    },
  },
  'switch of the stand-in': {
    strike: ({ mixpanel }, random) => mixpanel.switches.set(anySwitch(random)),
  },
  'credentials refused': {
    lastsMs: [100, 800],
    strike: ({ mixpanel }) => mixpanel.switches.set({ host: 'wrong_401' }),
    end: ({ mixpanel }) => mixpanel.switches.set({ host: 'right' }),
  },
  'keys rotated': { strike: ({ issuer }) => issuer.rotate('stays') },
  'key server down': {
    lastsMs: [500, 3_000],
    strike: ({ issuer }) => issuer.answerAlways({ kind: 'status', status: 503 }),
    end: ({ issuer }) => issuer.answerAlways('normally'),
  },
  'keys rotated while the key server is down': {
    lastsMs: [500, 2_000],
    strike: ({ issuer }) => {
      issuer.answerAlways({ kind: 'hang' })
      return issuer.rotate('stays')
    },
    end: ({ issuer }) => issuer.answerAlways('normally'),
  },
  'dead-letter disk full': {
    lastsMs: [300, 2_000],
    strike: ({ disk }) => disk.setFull(true),
    end: ({ disk }) => disk.setFull(false),
  },
  'dead-letter disk slow': {
    lastsMs: [300, 2_000],
    strike: ({ disk }, random) => disk.setSlow(20 + random.int(300)),
    end: ({ disk }) => disk.setSlow(0),
  },
}

/** Each as often as it is drawn. */
const DRAWN = Object.entries(FAULTS).flatMap((entry) =>
  Array<typeof entry>(entry[1].isRare ? 1 : 4).fill(entry),
)

/** Set by others: by the run itself, by a fault of its own, or such that no client could do well. */
const LEFT_ALONE: readonly string[] = ['poison', 'dropFilter', 'host']

const LOOK_AGAIN_MS = 20

export interface WeatherOptions {
  readonly random: Random
  /** Between two strikes, at the most, in events stored: in a storm there are none. */
  readonly calm: number
}

/** Fair weather until it begins. */
export function createWeather(exposed: Exposed, { random, calm }: WeatherOptions): Weather {
  const counts = new Map(Object.keys(FAULTS).map((name) => [name, 0]))
  let blowing = Promise.resolve()
  let ended = true
  let stored = 0
  exposed.watchRows((rows) => {
    stored += rows.length
  })

  return { begin, end, counts: () => counts }

  function begin(): void {
    ended = false
    blowing = blow()
  }

  async function end(): Promise<void> {
    ended = true
    await blowing
  }

  /** One at a time: two together would only hide each other. What they leave behind mixes anyway. */
  async function blow(): Promise<void> {
    while (!ended) {
      const [name, fault] = random.pick(DRAWN)
      counts.set(name, (counts.get(name) ?? 0) + 1)
      await fault.strike(exposed, random)
      const [fewest, most] = fault.lastsMs ?? [0, 0]
      await pause(fewest + random.int(most - fewest + 1))
      fault.end?.(exposed)
      await recovery(1 + random.int(calm))
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

/** One switch of the stand-in's, at one of its positions. */
function anySwitch(random: Random): Partial<Switches> {
  const names = Object.keys(SWITCHES).filter((name) => !LEFT_ALONE.includes(name))
  const name = random.pick(names)
  const choices = Object.entries(SWITCHES).flatMap(([known, rule]) =>
    known === name ? [...rule.choices] : [],
  )
  const change = { [name]: random.pick<string | number>(choices) }
  return areSwitchChanges(change) ? change : {}
}
