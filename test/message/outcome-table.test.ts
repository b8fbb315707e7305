import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { OutcomeTable } from '../../src/message/outcome-table.ts'
import { type EventOutcome, IMPORTED, rejected, retry } from '../../src/model/outcome.ts'

const DROPPED: EventOutcome = { kind: 'dropped', rule: 'transform' }

describe('the outcomes of a message', () => {
  it('keep the whole text of each rejection by Mixpanel, however many texts there are', () => {
    const outcomes = outcomesOf(1_000)

    for (let place = 0; place < 1_000; place += 1) outcomes.record(place, refused(place % 250))

    for (let place = 0; place < 1_000; place += 1) {
      assert.deepEqual(outcomes.refusalAt(place), refused(place % 250))
    }
    assert.deepEqual(
      new Set(outcomes.newTotals().map(({ outcome }) => outcome.kind)),
      new Set(['rejected']),
    )
  })

  it('take memory for the text of equal rejections once', () => {
    const outcomes = outcomesOf(2)

    const bytes = [0, 1].map((place) => {
      outcomes.record(place, refused(0))
      return outcomes.textBytes
    })

    assert.ok(bytes[0] && bytes[0] > 100)
    assert.equal(bytes[1], bytes[0])
  })

  it('keep a rejection before sending apart from one by Mixpanel', () => {
    const outcomes = outcomesOf(2)

    outcomes.record(0, refused(0))
    outcomes.recordUnsent(1, rejected('refused_by_mixpanel', 'found here'))

    assert.deepEqual([outcomes.refusalAt(0), outcomes.refusalAt(1)], [refused(0), undefined])
  })

  it('show rejected events as events that come again, and keep their reasons', () => {
    const outcomes = outcomesOf(2)
    outcomes.record(0, IMPORTED)
    outcomes.record(1, refused(0))

    outcomes.returned = retry('dead_letter_unavailable')

    assert.deepEqual(outcomes.distinct(), [IMPORTED, retry('dead_letter_unavailable')])
    assert.deepEqual(outcomes.snapshot()?.refusalAt(1), refused(0))
  })

  it('count each event once, unless an earlier delivery brought its outcome', () => {
    const any = fc.constantFrom(IMPORTED, DROPPED, refused(0), refused(1), retry('deadline'))
    const events = fc.array(fc.record({ outcome: any, earlier: fc.boolean() }), { maxLength: 30 })

    fc.assert(
      fc.property(events, (events) => {
        const outcomes = outcomesOf(events.length)
        for (const [place, { outcome, earlier }] of events.entries()) {
          if (earlier) outcomes.recordEarlier(place, outcome)
          else outcomes.record(place, outcome)
        }

        const kinds = ['imported', 'dropped', 'rejected', 'retry']
        const counted = kinds.map((kind) =>
          outcomes.newTotals().reduce((sum, t) => sum + (t.outcome.kind === kind ? t.count : 0), 0),
        )

        assert.deepEqual(
          counted,
          kinds.map((kind) => events.filter((e) => !e.earlier && e.outcome.kind === kind).length),
        )
      }),
    )
  })
})

function outcomesOf(events: number): OutcomeTable {
  const outcomes = new OutcomeTable()
  outcomes.addPortion({ lines: events, events })
  return outcomes
}

function refused(n: number): ReturnType<typeof rejected> {
  return rejected('refused_by_mixpanel', `reason ${n}`)
}
