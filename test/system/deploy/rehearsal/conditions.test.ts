import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ALERTS, SUBSCRIPTION } from '../alerts.ts'
import { fires } from './conditions.ts'
import { evaluateQuery } from './promql.ts'
import { createRecorder } from './recorder.ts'

const MINUTE_MS = 60_000
const FROM = Date.UTC(2026, 0, 1)
const QUIET = { undelivered: 0, oldestAgeSeconds: 0, pushes: {} }

interface Minute {
  readonly subscription?: string
  readonly undelivered?: number
  readonly oldestAgeSeconds?: number
  readonly pushes?: Readonly<Record<string, number>>
  readonly p99?: number
}

describe('an alert', () => {
  for (const [name, what, isFired, minutes] of [
    ['backlog_ages', 'at its threshold', false, repeated(20, { oldestAgeSeconds: 300 })],
    ['backlog_ages', 'above it for five minutes', true, repeated(6, { oldestAgeSeconds: 301 })],
    ['backlog_ages', 'above it for four minutes', false, repeated(5, { oldestAgeSeconds: 301 })],
    [
      'backlog_ages',
      'above it in another subscription',
      false,
      repeated(20, { oldestAgeSeconds: 301, subscription: 'another' }),
    ],
    ['nothing_arrives', 'while messages wait, and none is acked', true, waiting(12, {})],
    ['nothing_arrives', 'while none waits', false, repeated(20, { pushes: { ack: 5 } })],
    [
      'nothing_arrives',
      'while messages wait, and some are acked',
      false,
      repeated(20, { undelivered: 1 }, (minute) => ({ pushes: { ack: minute } })),
    ],
    [
      'nothing_arrives',
      'while messages wait, and all pushes fail',
      true,
      waiting(12, { remote_server_5xx: 9 }),
    ],
    ['pushes_fail', 'at one in a hundred', false, failing(30, 1)],
    ['pushes_fail', 'above it for ten minutes', true, failing(16, 2)],
    ['pushes_fail', 'above it for four minutes', false, failing(4, 2)],
    ['slow', 'below its threshold', false, repeated(30, { p99: 59_999 })],
    ['slow', 'above it', true, repeated(8, { p99: 60_001 })],
    ['slow', 'above it in one minute', false, [{ p99: 600_000 }, ...repeated(9, { p99: 1 })]],
    ['slow', 'without an import', false, repeated(30, {})],
    ['dead_letters_wait', 'with a letter for 15 minutes', true, letters(16)],
    ['dead_letters_wait', 'with a letter for 14 minutes', false, letters(15)],
  ] as const) {
    it(`${isFired ? 'fires' : 'does not fire'} ${what}: ${name}`, () => {
      const [, alert] = ALERTS.find(([one]) => one === name) ?? []

      assert.equal(fires(alert, recordingOf(minutes)), isFired)
    })
  }

  it('of an unknown kind is an error', () => {
    const alert = { conditions: [{ condition_absent: [{ duration: '60s' }] }] }

    assert.throws(() => fires(alert, recordingOf([])), /no such condition: condition_absent/)
  })
})

describe('a query', () => {
  for (const query of ['sum(', 'median(x)', 'deriv(x[5m])', 'x or y', 'x{a=~"b"}', 'x > y']) {
    it(`that is not understood is an error: ${query}`, () => {
      const series = [{ name: 'x', labels: {}, samples: [{ at: FROM, value: 1 }] }]

      assert.throws(
        () => evaluateQuery(query, series, FROM),
        /not understood|^Error: no |threshold/,
      )
    })
  }
})

/** The recording of minutes after one another. Pushes are totals. */
function recordingOf(minutes: readonly Minute[]) {
  const recorder = createRecorder()
  const lines: string[] = []
  for (const [minute, { p99, subscription = SUBSCRIPTION, ...numbers }] of minutes.entries()) {
    const publishToImportMs = p99 === undefined ? { count: 0 } : { p99, count: 9 }
    lines.push(JSON.stringify({ event: 'minute', publishToImportMs }))
    recorder.note(FROM + minute * MINUTE_MS, [{ subscription, ...QUIET, ...numbers }], lines)
  }
  const to = FROM + (minutes.length - 1) * MINUTE_MS
  return { from: FROM, to, series: recorder.series, entries: recorder.entries }
}

function repeated(
  count: number,
  minute: Minute,
  change: (minute: number) => Minute = () => ({}),
): readonly Minute[] {
  return Array.from({ length: count }, (_, place) => ({ ...minute, ...change(place + 1) }))
}

function waiting(count: number, pushes: Readonly<Record<string, number>>): readonly Minute[] {
  return repeated(count, { undelivered: 1, pushes })
}

/** A hundred pushes a minute, so many of which fail. Before and after, none fails. */
function failing(count: number, failures: number): readonly Minute[] {
  const calm = 6
  return repeated(count + 2 * calm, {}, (minute) => {
    const failed = failures * Math.min(Math.max(0, minute - calm), count)
    return { pushes: { ack: 100 * minute - failed, remote_server_5xx: failed } }
  })
}

function letters(count: number): readonly Minute[] {
  return repeated(count, { subscription: 'events-dead', undelivered: 1 })
}
