import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ALERTS, queries } from '../alerts.ts'
import { fires } from './conditions.ts'
import { evaluateQuery } from './promql.ts'
import { type Act, rehearse } from './rehearsal.ts'

const GOOD = '{"event":"a","properties":{"distinct_id":"u-1"}}'
const BAD = '{"event":"a","properties":{"distinct_id":"u-2","time":"yesterday"}}'
const CALM: Act = { minutes: 3, publishes: `${GOOD}\n${GOOD}`, pushes: 'answered' }
const RECOVERY: Act = { ...CALM, minutes: 1, pushes: 'held' }
const DOWN: Act = { ...RECOVERY, mixpanel: { kind: 'status', status: 503 } }

/** Acts, and the alerts that fire because of them. */
const SCENARIOS: Readonly<Record<string, { acts: readonly Act[]; alerts: readonly string[] }>> = {
  'nothing unusual': { acts: [{ ...CALM, minutes: 25 }], alerts: [] },
  'no traffic': { acts: [CALM, { minutes: 20, pushes: 'answered' }], alerts: [] },
  'Mixpanel is down': {
    acts: [CALM, { ...DOWN, minutes: 18 }],
    alerts: ['backlog_ages', 'nothing_arrives', 'pushes_fail'],
  },
  'Mixpanel is down in two minutes of three': {
    acts: [CALM, ...Array.from({ length: 5 }, () => [{ ...DOWN, minutes: 2 }, RECOVERY]).flat()],
    alerts: ['pushes_fail', 'slow'],
  },
  'Mixpanel is down for half a minute': {
    acts: [CALM, { ...DOWN, minutes: 0.5 }, { ...RECOVERY, minutes: 12 }],
    alerts: [],
  },
  'somebody has rotated the token of the project': {
    acts: [CALM, { ...DOWN, minutes: 5, mixpanel: { kind: 'status', status: 401 } }],
    alerts: ['events_refused'],
  },
  'Mixpanel refuses everything, and names nothing': {
    acts: [
      CALM,
      {
        ...DOWN,
        minutes: 5,
        mixpanel: { kind: 'status', status: 400, body: { error: 'no', status: 0 } },
      },
    ],
    alerts: ['events_refused'],
  },
  'the publisher changes the shape of all events': {
    acts: [CALM, { ...CALM, minutes: 8, publishes: `${BAD}\n`.repeat(5), pushes: 'held' }],
    alerts: ['dead_letters', 'events_refused'],
  },
  'one event in a message is bad, and nobody looks': {
    acts: [CALM, { ...CALM, minutes: 1, publishes: `${GOOD}\n${BAD}` }, { ...CALM, minutes: 17 }],
    alerts: ['dead_letters', 'dead_letters_wait'],
  },
}

describe('a rehearsal', () => {
  for (const [what, { acts, alerts }] of Object.entries(SCENARIOS)) {
    it(`fires ${alerts.length === 0 ? 'no alert' : alerts.join(', ')}: ${what}`, async (t) => {
      const recording = await rehearse(t, acts)

      const fired = ALERTS.filter(([, alert]) => fires(alert, recording)).map(([name]) => name)

      assert.deepEqual(fired.sort(), alerts)
    })
  }

  it('there is for each alert', () => {
    const rehearsed = new Set(Object.values(SCENARIOS).flatMap(({ alerts }) => alerts))

    assert.deepEqual([...rehearsed].sort(), ALERTS.map(([name]) => name).sort())
  })

  it('gives a value to each query that asks for numbers of Pub/Sub, the log or the service', async (t) => {
    const refused: Act = { ...DOWN, minutes: 2, mixpanel: { kind: 'status', status: 401 } }

    const { series, to } = await rehearse(t, [CALM, refused])

    const answered = queries()
      .filter((query) => !/run_googleapis_com|>/.test(query))
      .map((query) => evaluateQuery(query, series, to).length)

    assert.ok(answered.length > 18)
    assert.ok(
      answered.every((points) => points > 0),
      answered.join(),
    )
  })
})
