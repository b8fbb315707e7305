import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Scenario, type Second, simulateApart, summaryOf } from './rate-simulation.ts'

const N = 30_000
const TEN = { instances: 10, eventsPerBatch: 2_000, minutes: 10 } as const
const SMALL = {
  instances: 10,
  eventsPerBatch: 50,
  minutes: 6,
  maxEventsPerSecond: 10_000,
} as const

interface Case {
  readonly name: string
  readonly scenario: Scenario
  /** The minutes in which it must have settled, from and to. */
  readonly settled: readonly (readonly [from: number, to: number])[]
}

const CASES: readonly Case[] = [
  {
    name: 'ten instances, full batches, a rolling minute',
    scenario: { ...TEN, quota: { kind: 'rolling_minute', eventsPerSecond: N } },
    settled: [[3, 10]],
  },
  {
    name: 'ten instances, full batches, a bucket of a second',
    scenario: { ...TEN, quota: { kind: 'seconds_bucket', eventsPerSecond: N } },
    settled: [[1, 10]],
  },
  {
    name: 'ten instances, 50 events a request, a rolling minute',
    scenario: { ...SMALL, quota: { kind: 'rolling_minute', eventsPerSecond: 10_000 } },
    settled: [[4, 6]],
  },
  {
    name: 'ten instances, 50 events a request, a bucket of a second',
    scenario: { ...SMALL, quota: { kind: 'seconds_bucket', eventsPerSecond: 10_000 } },
    settled: [[1, 6]],
  },
  {
    name: 'ten instances, full batches, a rolling minute of a third of the bound',
    scenario: { ...TEN, quota: { kind: 'rolling_minute', eventsPerSecond: 10_000 } },
    settled: [[4, 10]],
  },
  {
    name: 'twenty instances, full batches, a rolling minute',
    scenario: { ...TEN, instances: 20, quota: { kind: 'rolling_minute', eventsPerSecond: N } },
    settled: [[4, 10]],
  },
  {
    name: 'one instance, full batches, a rolling minute',
    scenario: { ...TEN, instances: 1, quota: { kind: 'rolling_minute', eventsPerSecond: N } },
    settled: [[0, 10]],
  },
  {
    name: 'one instance, full batches, a rolling minute of a third of the bound',
    scenario: { ...TEN, instances: 1, quota: { kind: 'rolling_minute', eventsPerSecond: 10_000 } },
    settled: [[3, 10]],
  },
  {
    name: 'one instance, full batches, a bucket of a third of the bound',
    scenario: { ...TEN, instances: 1, quota: { kind: 'seconds_bucket', eventsPerSecond: 10_000 } },
    settled: [[1, 10]],
  },
  {
    name: 'nine instances, and after five minutes a tenth, a rolling minute',
    scenario: {
      ...TEN,
      instances: 9,
      quota: { kind: 'rolling_minute', eventsPerSecond: N },
      changes: { 300: { kind: 'join' } },
    },
    settled: [[5, 10]],
  },
  {
    name: 'ten instances, and after five minutes nine, a rolling minute',
    scenario: {
      ...TEN,
      quota: { kind: 'rolling_minute', eventsPerSecond: N },
      changes: { 300: { kind: 'leave' } },
    },
    settled: [[5, 10]],
  },
  {
    name: 'ten instances, a rolling minute that is halved after 5 and doubled after 10 minutes',
    scenario: {
      ...TEN,
      minutes: 16,
      quota: { kind: 'rolling_minute', eventsPerSecond: N },
      changes: {
        300: { kind: 'quota', eventsPerSecond: N / 2 },
        600: { kind: 'quota', eventsPerSecond: N },
      },
    },
    settled: [
      [7, 10],
      [13, 16],
    ],
  },
  {
    name: 'ten instances, a bucket of a second that is halved after 5 and doubled after 10 minutes',
    scenario: {
      ...TEN,
      minutes: 16,
      quota: { kind: 'seconds_bucket', eventsPerSecond: N },
      changes: {
        300: { kind: 'quota', eventsPerSecond: N / 2 },
        600: { kind: 'quota', eventsPerSecond: N },
      },
    },
    settled: [
      [7, 10],
      [13, 16],
    ],
  },
]

describe('instances without a coordinator settle at 90 % of the quota and 3 % refused', () => {
  for (const { name, scenario, settled } of CASES) {
    it(name, async (t) => {
      const ours = await simulateApart(scenario, 'adaptive')
      const naive = await simulateApart(scenario, 'naive')

      for (const [from, to] of [[0, 3] as const, ...settled]) {
        report(t, `minutes ${from}-${to}`, minutes(ours, from, to), minutes(naive, from, to))
      }
      for (const [from, to] of settled) {
        const { imported, refused } = summaryOf(minutes(ours, from, to))
        assert.ok(imported >= 90, `minutes ${from}-${to}: ${imported} % imported`)
        assert.ok(refused <= 3, `minutes ${from}-${to}: ${refused} % refused`)
      }
    })
  }
})

describe('a cold start after a backlog', () => {
  it('fills the quota at once and is refused little, though ten instances know nothing of each other', async (t) => {
    const scenario: Scenario = {
      ...TEN,
      minutes: 3,
      quota: { kind: 'rolling_minute', eventsPerSecond: N },
    }

    const ours = await simulateApart(scenario, 'adaptive')
    const naive = await simulateApart(scenario, 'naive')

    for (const at of [0, 1, 2])
      report(t, `minute ${at}`, minutes(ours, at, at + 1), minutes(naive, at, at + 1))
    const first = summaryOf(minutes(ours, 0, 1))
    const all = summaryOf(ours)
    assert.ok(first.imported >= 99 && first.refused <= 10)
    assert.ok(all.imported >= 80 && all.refused <= 6)
  })

  it('of one instance alone reaches 90 % of the bound within three seconds', async (t) => {
    const scenario: Scenario = {
      ...TEN,
      instances: 1,
      minutes: 1,
      quota: { kind: 'rolling_minute', eventsPerSecond: N },
    }

    const seconds = await simulateApart(scenario, 'adaptive')

    const { imported, refused } = summaryOf(seconds.slice(3, 20))
    t.diagnostic(`seconds 3-20: ${imported.toFixed(1)} % imported`)
    assert.ok(imported >= 90)
    assert.equal(refused, 0)
  })
})

describe('a bound below the fair share', () => {
  it('is used to the full and never refused', async () => {
    const bounded: Scenario = {
      ...TEN,
      maxEventsPerSecond: 2_000,
      quota: { kind: 'rolling_minute', eventsPerSecond: N },
    }

    const seconds = await simulateApart(bounded, 'adaptive')

    const { imported, refused } = summaryOf(seconds.slice(60))
    assert.ok(imported > (100 * 10 * 1_900) / N && imported < (100 * 10 * 2_100) / N)
    assert.equal(refused, 0)
  })
})

function minutes(seconds: readonly Second[], from: number, to: number): readonly Second[] {
  return seconds.slice(from * 60, to * 60)
}

function report(
  t: TestContext,
  when: string,
  ours: readonly Second[],
  naive: readonly Second[],
): void {
  const said = [ours, naive].map((seconds) => {
    const { imported, refused } = summaryOf(seconds)
    return `${imported.toFixed(1)} % of the quota imported, ${refused.toFixed(1)} % refused`
  })
  t.diagnostic(`${when}: ${said[0]}; naive: ${said[1]}`)
}
