import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { IMPORTED } from '../../src/model/outcome.ts'
import type { Settlement } from '../../src/model/settlement.ts'
import { nack } from '../../src/settle/settlement-of.ts'
import { createEventTotals, type Totals } from '../../src/telemetry/event-totals.ts'
import { createMinuteLine, type Minute } from '../../src/telemetry/minute-line.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const MINUTE_MS = 60_000
const ACK: Settlement = { kind: 'ack', reason: 'imported', status: 204 }
const EMPTY: Totals = {
  received: 0,
  imported: 0,
  dead_lettered: 0,
  dropped: 0,
  returned: 0,
  pending: 0,
}

describe('the minute line', () => {
  it('comes at the end of a minute that had traffic, and not before', async () => {
    const { clock, lines, receive } = createScene()
    receive(3)

    await clock.advance(MINUTE_MS - 1)
    assert.deepEqual(lines, [])
    await clock.advance(1)

    const totals = { ...EMPTY, received: 3, pending: 3 }
    assert.deepEqual(lines, [{ delta: totals, totals, publishToImportMs: { count: 0 } }])
  })

  it('does not come for a minute without traffic', async () => {
    const { clock, lines, receive } = createScene()
    receive(1)

    await clock.advance(10 * MINUTE_MS)

    assert.equal(lines.length, 1)
    assert.equal(clock.pending(), 0)
  })

  it('has what the minute added beside all that came before', async () => {
    const { clock, lines, receive, settle } = createScene()
    receive(3)
    await clock.advance(MINUTE_MS)

    receive(2)
    settle(4)
    await clock.advance(MINUTE_MS)

    assert.deepEqual(lines[1], {
      delta: { ...EMPTY, received: 2, imported: 4, pending: -2 },
      totals: { ...EMPTY, received: 5, imported: 4, pending: 1 },
      publishToImportMs: { count: 0 },
    })
  })

  it('comes at shutdown, for an instance that lives less than a minute', async () => {
    const { clock, lines, receive, settle, line } = createScene()
    receive(50_000)
    await clock.advance(59_000)
    settle(50_000)

    line.close()

    const totals = { ...EMPTY, received: 50_000, imported: 50_000 }
    assert.deepEqual(lines, [{ delta: totals, totals, publishToImportMs: { count: 0 } }])
  })

  it('comes no more after shutdown', async () => {
    const { clock, lines, receive, line } = createScene()
    receive(1)
    line.close()

    line.close()
    receive(1)
    await clock.advance(MINUTE_MS)

    assert.equal(lines.length, 1)
    assert.equal(clock.pending(), 0)
  })

  it('is written by the first traffic after a freeze, without that traffic', () => {
    const { clock, lines, receive } = createScene('frozen')
    receive(3)

    clock.sleep(20 * MINUTE_MS)
    receive(2)

    assert.deepEqual(
      lines.map(({ delta }) => delta.received),
      [3],
    )
  })

  it('adds up to the totals, whatever comes when, and however often the instance freezes', () =>
    fc.assert(
      fc.asyncProperty(fc.array(steps), async (taken) => {
        const { clock, eventTotals, lines, receive, settle, line } = createScene()
        for (const { kind, amount } of taken) {
          if (kind === 'receive') receive(amount)
          else if (kind === 'settle') settle(amount)
          else if (kind === 'return') settle(amount, nack('throttled'))
          else if (kind === 'freeze') clock.sleep(amount * 1_000)
          else await clock.advance(amount * 1_000)
        }

        line.close()

        assert.deepEqual(sumOf(lines.map(({ delta }) => delta)), eventTotals.snapshot())
        assert.deepEqual(lines.at(-1)?.totals, eventTotals.snapshot())
      }),
    ))
})

describe('the quantiles of the minute line', () => {
  it('are those of the messages that were imported since the last line', async () => {
    const { clock, lines, receive, line } = createScene()
    receive(1)
    for (const ms of [70_000, 20, 20]) line.noteImport(ms)
    await clock.advance(MINUTE_MS)
    receive(1)
    line.noteImport(40)
    await clock.advance(MINUTE_MS)

    assert.deepEqual(
      lines.map(({ publishToImportMs }) => publishToImportMs),
      [
        { p50: 21, p99: 70_000, count: 3 },
        { p50: 40, p99: 40, count: 1 },
      ],
    )
  })

  it('are exact or up to 9 % too high, for durations from 0 to beyond any retention', () => {
    const durations = fc.oneof(
      fc.nat(200),
      fc.nat(2 ** 31 - 1),
      fc.double({ min: 0, max: 1e5, noNaN: true }),
      fc.constantFrom(1e11, 2 ** 31, Number.MAX_SAFE_INTEGER),
    )

    fc.assert(
      fc.property(fc.array(durations, { minLength: 1, maxLength: 300 }), (noted) => {
        const { lines, line } = createScene()
        for (const ms of noted) line.noteImport(ms)
        line.close()

        const { p50 = Number.NaN, p99 = Number.NaN, count } = lines[0]?.publishToImportMs ?? {}
        assert.equal(count, noted.length)
        for (const [found, share] of [
          [p50, 0.5],
          [p99, 0.99],
        ] as const) {
          const exact = quantileOf(noted, share)
          if (exact > 2 ** 31) assert.ok(found >= 2 ** 31, `${found} for ${exact}`)
          else
            assert.ok(found >= Math.round(exact) && found <= exact * 1.1 + 1, `${found} ${exact}`)
        }
      }),
    )
  })
})

/** The duration up to which this share of all durations lies. */
function quantileOf(durations: readonly number[], share: number): number {
  const sorted = durations.toSorted((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
}

const steps = fc.record({
  kind: fc.constantFrom('receive', 'settle', 'return', 'freeze', 'advance'),
  amount: fc.nat(200),
})

function sumOf(deltas: readonly Totals[]): Totals {
  return deltas.reduce(
    (sum, delta) => ({
      received: sum.received + delta.received,
      imported: sum.imported + delta.imported,
      dead_lettered: sum.dead_lettered + delta.dead_lettered,
      dropped: sum.dropped + delta.dropped,
      returned: sum.returned + delta.returned,
      pending: sum.pending + delta.pending,
    }),
    EMPTY,
  )
}

/** With `frozen`, timers never run, as on an instance that has CPU during requests only. */
function createScene(timers: 'run' | 'frozen' = 'run') {
  const fake = createFakeClock()
  let slept = 0
  const clock = {
    ...fake,
    monotonic: () => fake.monotonic() + slept,
    after: timers === 'run' ? fake.after : () => () => {},
    /** Time passes, and no timer runs. */
    sleep(ms: number): void {
      slept += ms
    },
  }
  const eventTotals = createEventTotals()
  const lines: Minute[] = []
  const line = createMinuteLine({ eventTotals, clock, write: (minute) => lines.push(minute) })
  return { clock, eventTotals, lines, line, receive, settle }

  function receive(count: number): void {
    eventTotals.receive(count)
  }

  function settle(count: number, settlement = ACK): void {
    const outcome =
      settlement.kind === 'ack' ? IMPORTED : ({ kind: 'retry', reason: 'throttled' } as const)
    eventTotals.settle([{ outcome, count }], settlement)
  }
}
