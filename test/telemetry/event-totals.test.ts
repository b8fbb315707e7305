import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type EventOutcome,
  IMPORTED,
  rejected,
  retry,
  type Tally,
} from '../../src/model/outcome.ts'
import type { Settlement } from '../../src/model/settlement.ts'
import { nack } from '../../src/settle/settlement-of.ts'
import { createEventTotals } from '../../src/telemetry/event-totals.ts'

const DROPPED: EventOutcome = { kind: 'dropped', rule: 'transform' }
const BAD_LINE = rejected('invalid_json', 'no JSON')
const REFUSED = rejected('refused_by_mixpanel', 'no')
const LATE = retry('deadline')

const ACK: Settlement = { kind: 'ack', reason: 'imported', status: 204 }
const THROTTLED = nack('throttled')
const LEFT_TO_PUBSUB: Settlement = { kind: 'nack', reason: 'invalid_json', status: 422 }

describe('the event totals', () => {
  for (const [outcome, settlement, destination, reason] of [
    [IMPORTED, ACK, 'imported', ''],
    [IMPORTED, THROTTLED, 'imported', ''],
    [DROPPED, ACK, 'dropped', 'transform'],
    [DROPPED, THROTTLED, 'dropped', 'transform'],
    [BAD_LINE, ACK, 'dead_lettered', 'invalid_json'],
    [REFUSED, ACK, 'dead_lettered', 'refused_by_mixpanel'],
    [BAD_LINE, THROTTLED, 'returned', 'throttled'],
    [REFUSED, LEFT_TO_PUBSUB, 'returned', 'invalid_json'],
    [LATE, THROTTLED, 'returned', 'throttled'],
  ] as const) {
    it(`enter ${outcome.kind} in a message that is ${settlement.kind}ed ${settlement.status} as ${destination} ${reason}`, () => {
      const eventTotals = createEventTotals()
      eventTotals.receive(1)

      eventTotals.settle([{ outcome, count: 1 }], settlement)

      assert.deepEqual(eventTotals.byReason(), [{ destination, reason, count: 1 }])
      assert.equal(eventTotals.snapshot()[destination], 1)
    })
  }

  it('add up what goes the same way for the same reason', () => {
    const eventTotals = createEventTotals()
    eventTotals.receive(5)

    eventTotals.settle(one(IMPORTED, BAD_LINE, REFUSED), ACK)
    eventTotals.settle([{ outcome: IMPORTED, count: 2 }], THROTTLED)

    assert.deepEqual(eventTotals.byReason(), [
      { destination: 'imported', reason: '', count: 3 },
      { destination: 'dead_lettered', reason: 'invalid_json', count: 1 },
      { destination: 'dead_lettered', reason: 'refused_by_mixpanel', count: 1 },
    ])
  })

  it('balance at every moment, whatever comes and goes in whatever order', () => {
    const outcomes = fc.array(fc.constantFrom(IMPORTED, DROPPED, BAD_LINE, REFUSED, LATE))
    const settlements = fc.constantFrom(ACK, THROTTLED, LEFT_TO_PUBSUB)
    const steps = fc.array(fc.record({ outcomes, settlement: settlements, settles: fc.nat() }))

    fc.assert(
      fc.property(steps, (steps) => {
        const eventTotals = createEventTotals()
        const underWay: (readonly EventOutcome[])[] = []

        for (const { outcomes, settlement, settles } of steps) {
          eventTotals.receive(outcomes.length)
          underWay.push(outcomes)
          assertBalance()
          if (settles % 2 === 0) continue
          const [settled = []] = underWay.splice(settles % underWay.length, 1)
          eventTotals.settle(one(...settled), settlement)
          assertBalance()
        }

        function assertBalance(): void {
          const { received, imported, dead_lettered, dropped, returned, pending } =
            eventTotals.snapshot()
          assert.equal(pending, underWay.flat().length)
          assert.equal(received, imported + dead_lettered + dropped + returned + pending)
        }
      }),
    )
  })
})

function one(...outcomes: readonly EventOutcome[]): readonly Tally[] {
  return outcomes.map((outcome) => ({ outcome, count: 1 }))
}
