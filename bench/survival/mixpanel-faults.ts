import type { Behaviour } from '../../src/local/mixpanel/behaviour.ts'
import type { OddAnswer } from '../../src/local/mixpanel/odd-answers.ts'
import { areSwitchChanges, SWITCHES, type Switches } from '../../src/local/mixpanel/switches.ts'
import type { MixpanelStandIn } from '../../src/local/mixpanel-stand-in.ts'
import type { Faults } from './faults.ts'
import type { Random } from './random.ts'

/** Answers that no client may trust. */
const ODD: readonly OddAnswer[] = [
  'upstream_error',
  'unavailable_page',
  'bad_gateway_page',
  'bad_gateway_text',
  'temporary_failure',
  'temporary_refusal',
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

/** Refusals of good events, with different texts. None names an event. */
const REFUSALS: readonly OddAnswer[] = [
  'refused_by_text',
  'refused_without_list',
  'refused_by_decoder',
]
const NONE_IMPORTED: Behaviour = { kind: 'shortfall', imported: 0 }
/** Takes one place in the queue of answers, and answers as normal. */
const AT_ONCE: Behaviour = { kind: 'delay', ms: 0 }
const INTERMITTENT_REQUESTS = 30

/** The faults of Mixpanel's stand-in, by their names in the report. */
export function mixpanelFaults(mixpanel: MixpanelStandIn): Faults {
  return {
    '429 storm': {
      strike: (random) => {
        mixpanel.answerNext(1 + random.int(5), { kind: 'throttle', retryInMs: 1_000 })
      },
    },
    'quota exceeded': {
      lastsMs: [200, 1_500],
      strike: (random) => mixpanel.limitTo({ events: 1_000 + random.int(20_000) }),
      end: () => mixpanel.limitTo(undefined),
    },
    '5xx and 408': {
      strike: (random) => {
        const status = random.pick([500, 502, 503, 504, 408])
        mixpanel.answerNext(1 + random.int(4), { kind: 'status', status, body: 'try later' })
      },
    },
    'outage of Mixpanel': {
      lastsMs: [500, 3_000],
      strike: () => mixpanel.answerAlways({ kind: 'status', status: 503, body: 'down' }),
      end: () => mixpanel.answerAlways('normally'),
    },
    'slow answers': {
      strike: (random) => {
        mixpanel.answerNext(1 + random.int(10), { kind: 'delay', ms: 100 + random.int(2_000) })
      },
    },
    'no answer': { strike: () => mixpanel.answerNext(1, { kind: 'hang' }) },
    /** Ten seconds: pushes are given up and sent again while their events are still under way. */
    'no answer for longer than the ack deadline': {
      lastsMs: [11_000, 12_000],
      isRare: true,
      strike: () => mixpanel.answerAlways({ kind: 'hang' }),
      end: () => mixpanel.answerAlways('normally'),
    },
    'reset before the import': {
      strike: (random) => {
        mixpanel.answerNext(1 + random.int(4), { kind: 'reset_before_import' })
      },
    },
    'reset after the import': {
      strike: (random) => {
        mixpanel.answerNext(1 + random.int(4), { kind: 'reset_after_import' })
      },
    },
    'answer cut off': {
      strike: (random) => mixpanel.answerNext(1 + random.int(4), { kind: 'cut_off' }),
    },
    shortfall: {
      strike: (random) => {
        mixpanel.answerNext(1, { kind: 'shortfall', imported: random.int(50), once: true })
      },
    },
    'odd answer': {
      strike: (random) => {
        mixpanel.answerNext(1, { kind: 'odd', answer: random.pick(ODD) })
      },
    },
    'switch of the stand-in': {
      strike: (random) => mixpanel.switches.set(anySwitch(random)),
    },
    'credentials refused': {
      lastsMs: [100, 800],
      strike: () => mixpanel.switches.set({ host: 'wrong_401' }),
      end: () => mixpanel.switches.set({ host: 'right' }),
    },
    'refused again and again': {
      strike: (random) => {
        mixpanel.answerNext(2 + random.int(4), { kind: 'odd', answer: random.pick(REFUSALS) })
      },
    },
    'refused now and then': {
      lastsMs: [1_000, 3_000],
      strike: (random) => {
        intermittent({ kind: 'odd', answer: random.pick(REFUSALS) }, 0.3, random)
      },
      end: mixpanel.answerNormally,
    },
    '200 with nothing imported, twice': { strike: () => mixpanel.answerNext(2, NONE_IMPORTED) },
    '200 with nothing imported, now and then': {
      lastsMs: [1_000, 3_000],
      strike: (random) => intermittent(NONE_IMPORTED, 0.5, random),
      end: mixpanel.answerNormally,
    },
    'list that does not balance': {
      // It strikes requests and not a time: on a busy machine, no request may come within a second.
      strike: (random) =>
        mixpanel.answerNext(10 + random.int(30), { kind: 'unbalanced', imported: random.int(20) }),
    },
  }

  /** Treats a share of the next requests so, on average. */
  function intermittent(behaviour: Behaviour, share: number, random: Random): void {
    for (let request = 0; request < INTERMITTENT_REQUESTS; request += 1) {
      mixpanel.answerNext(1, random.chance(share) ? behaviour : AT_ONCE)
    }
  }
}

/** Switches that the run or another fault sets, and one that no client could cope with. */
const LEFT_ALONE: readonly string[] = ['poison', 'dropFilter', 'host']

/** Picks one switch of the stand-in, and one of its values. */
function anySwitch(random: Random): Partial<Switches> {
  const names = Object.keys(SWITCHES).filter((name) => !LEFT_ALONE.includes(name))
  const name = random.pick(names)
  const choices = Object.entries(SWITCHES).flatMap(([known, rule]) =>
    known === name ? [...rule.choices] : [],
  )
  const change = { [name]: random.pick<string | number>(choices) }
  return areSwitchChanges(change) ? change : {}
}
