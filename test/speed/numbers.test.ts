import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Case } from '../../bench/speed/cases.ts'
import type { Comparison } from '../../bench/speed/compare.ts'
import { findSetbacks, ratiosOf } from '../../bench/speed/guard.ts'
import type { Sample } from '../../bench/speed/measure.ts'
import type { CaseResult, Measurements } from '../../bench/speed/measurements.ts'
import { isReached, numbersOf, ratioToFloor } from '../../bench/speed/numbers.ts'
import { formatResults } from '../../bench/speed/results.ts'

const SAMPLE: Sample = {
  cpuUsAPush: 20,
  pushesASecond: 50_000,
  failed: 0,
  p50: 5,
  p99: 10,
  p999: 20,
  importsAPush: 0,
  eventsAnImport: 0,
  busy: 1,
  loadBusy: 0.6,
}
const SINGLE: Case = {
  eventsAPush: 1,
  eventBytes: 300,
  pushing: { kind: 'closed_loop', connections: 256 },
  mixpanelMs: 0,
  contestants: [],
}

function comparison(name: Comparison['name'], cpu: readonly number[], more = {}): Comparison {
  return {
    name,
    samples: cpu.map((cpuUsAPush) => ({ ...SAMPLE, cpuUsAPush, ...more })),
    peakMiB: 100,
  }
}

function resultOf(one: Partial<Case>, ...comparisons: Comparison[]): CaseResult {
  return { case: { ...SINGLE, ...one }, comparisons }
}

const MEASURED: Measurements = {
  cases: [
    resultOf({}, comparison('bare Fastify', [20, 20]), comparison('this service', [30, 30])),
    // The machine was half as fast in the first round.
    resultOf(
      { eventsAPush: 10 },
      comparison('bare Fastify', [44, 22]),
      comparison('bare Fastify, one event', [40, 20]),
      comparison('this service', [240, 120]),
    ),
    resultOf(
      { pushing: { kind: 'closed_loop', connections: 1_000 }, mixpanelMs: 50 },
      comparison('recipe, Node', [400], { importsAPush: 1 }),
      comparison('this service', [60], { importsAPush: 0.01 }),
    ),
  ],
  openLoop: [
    resultOf(
      { pushing: { kind: 'open_loop', pushesASecond: 2 }, mixpanelMs: 50 },
      comparison('this service', [900], { p50: 52 }),
    ),
    resultOf(
      { pushing: { kind: 'open_loop', pushesASecond: 200 }, mixpanelMs: 50 },
      comparison('this service', [200], { p50: 100, p99: 190 }),
    ),
    resultOf(
      { pushing: { kind: 'open_loop', pushesASecond: 800 }, mixpanelMs: 50 },
      comparison('bare Fastify', [100, 120]),
      comparison('this service', [160, 240], { importsAPush: 1 / 64 }),
    ),
  ],
  sweep: [],
  protocols: [],
  peaks: [{ what: '80 pushes of 12 MB', peakMiB: 390, atMostMiB: 400, isAlive: true }],
  scaling: [{ processes: 2, eventsASecond: 1e5, cpuUsAnEvent: 9, cores: 1.7 }],
  startUp: new Map([
    ['Fastify and axios', 200],
    ['this service', 350],
  ]),
}

describe('the numbers of the benchmark', () => {
  it('are multiples of a push of one event to a bare Fastify, and of the recipe', () => {
    const numbers = numbersOf(MEASURED)

    assert.deepEqual(
      numbers.map((number) => [number.what, Number(number.measured.toFixed(3)), isReached(number)]),
      [
        ['CPU at 800 pushes/s, compared to a bare Fastify at that rate', 2, false],
        ['requests to Mixpanel an event, the same', 0.016, true],
        ['added p50, 2 pushes/s', 2, true],
        ['added p50, 200 pushes/s', 50, true],
        ['added p99, 200 pushes/s', 140, false],
        ['CPU an event, 1 × 300 B a push', 1.5, true],
        ['CPU an event, 10 × 300 B a push', 0.6, false],
        ['CPU, compared to the recipe in Node', 0.15, true],
        ['requests to Mixpanel, compared to the recipe in Node', 0.01, true],
        ['peak RSS, 80 pushes of 12 MB', 390, true],
        ['start to first 204, compared to Fastify and axios', 1.75, false],
      ],
    )
  })

  it('stand in the document, with what was not reached', () => {
    const document = formatResults(MEASURED, new Date('2026-01-15T12:00:00Z'))

    assert.match(document, /on 2026-01-15/)
    assert.match(document, /\| CPU an event, 1 × 300 B a push \| 1\.50 B \| 2\.20 B \| reached \|/)
    assert.match(document, /10 × 300 B a push \| 0\.60 B \| 0\.48 B \| \*\*not reached\*\* \|/)
    assert.doesNotMatch(document, /NaN|undefined/)
    assert.doesNotMatch(document, /one event \|/, 'a row whose pushes are not those of its case')
  })
})

describe('the guard', () => {
  it('takes the ratio round by round, so that a slow moment of the machine hits both', () => {
    const result = resultOf(
      {},
      comparison('bare Fastify', [20, 40, 20]),
      comparison('this service', [50, 100, 60]),
    )

    assert.equal(ratioToFloor(result), 2.5)
    assert.deepEqual(ratiosOf([result]), { '1 × 300 B, 256 connections, 0 ms': 2.5 })
  })

  it('lets pass what is at most 15 % worse than recorded, and nothing else', () => {
    const measured = { better: 1, same: 2, 'a little worse': 2.3, worse: 2.31, new: 1 }
    const recorded = { better: 2, same: 2, 'a little worse': 2, worse: 2, gone: 1 }

    const setbacks = findSetbacks(measured, recorded)

    assert.deepEqual(
      setbacks.map(({ name }) => name),
      ['worse', 'new'],
    )
  })

  it('finds a figure that could not be measured to be a setback', () => {
    assert.equal(findSetbacks({ one: Number.NaN }, { one: 2 }).length, 1)
  })
})
