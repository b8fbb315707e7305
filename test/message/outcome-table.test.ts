import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { OutcomeTable } from '../../src/message/outcome-table.ts'
import {
  type EventOutcome,
  IMPORTED,
  REJECT_REASONS,
  RETRY_REASONS,
  rejected,
  retry,
} from '../../src/model/outcome.ts'
import { UNCOUNTED } from '../helpers/outcomes.ts'

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

  it('keep rejections apart that differ in their field or in their reason alone', () => {
    const different = [
      rejected('refused_by_mixpanel', 'no'),
      rejected('refused_by_mixpanel', 'no', 'properties.a'),
      rejected('refused_by_mixpanel', 'no', 'properties.b'),
      rejected('too_large', 'no'),
    ]
    const outcomes = outcomesOf(different.length)

    for (const [place, outcome] of different.entries()) outcomes.record(place, outcome)

    assert.deepEqual(
      different.map((_, place) => outcomes.refusalAt(place)),
      different,
    )
    assert.deepEqual(
      different.map((_, place) => outcomes.snapshot()?.refusalAt(place)),
      different,
    )
  })

  it('are none before they are recorded', () => {
    const outcomes = outcomesOf(2)

    outcomes.record(1, retry('deadline'))

    assert.deepEqual([outcomes.outcomeAt(0), outcomes.outcomeAt(1)], [undefined, retry('deadline')])
  })

  it('are counted by their kind, with their rule or their reason', () => {
    const kinds = [
      IMPORTED,
      DROPPED,
      { kind: 'dropped', rule: 'another' } as const,
      rejected('invalid_json', 'no'),
      rejected('invalid_event', 'no'),
      retry('throttled'),
      retry('deadline'),
    ]
    const outcomes = outcomesOf(3 * kinds.length)

    for (let place = 0; place < outcomes.events; place += 1) {
      const outcome = kinds[place % kinds.length]
      if (outcome) outcomes.recordUnsent(place, { ...outcome })
    }

    assert.deepEqual(
      outcomes.newTotals(),
      kinds.map((outcome) => ({ outcome, count: 3 })),
    )
    assert.deepEqual(outcomes.distinct(), kinds)
  })

  it('are of every kind that exists, beside any number of answers', () => {
    const kinds = [
      IMPORTED,
      DROPPED,
      ...REJECT_REASONS.map((reason) => rejected(reason, 'no')),
      ...RETRY_REASONS.map(retry),
    ]
    const outcomes = outcomesOf(1_000 + kinds.length)
    for (let place = 0; place < 1_000; place += 1) outcomes.record(place, refused(place))

    for (const [index, outcome] of kinds.entries()) outcomes.recordUnsent(1_000 + index, outcome)

    const found = kinds.map((_, index) => outcomes.outcomeAt(1_000 + index))
    assert.deepEqual(
      found.map((outcome) => ({ ...outcome, detail: '' })),
      kinds.map((outcome) => ({ ...outcome, detail: '' })),
    )
  })

  it('are one kind for all events that were imported', () => {
    const outcomes = outcomesOf(3)

    for (const place of [0, 1, 2]) outcomes.record(place, IMPORTED)

    assert.deepEqual(outcomes.newTotals(), [{ outcome: IMPORTED, count: 3 }])
  })

  it('leave nothing to another delivery when all events come again', () => {
    const outcomes = outcomesOf(2)
    outcomes.record(0, retry('throttled'))
    assert.equal(outcomes.snapshot(), undefined)

    outcomes.record(1, IMPORTED)

    const earlier = outcomes.snapshot()
    assert.deepEqual([earlier?.finalAt(0), earlier?.finalAt(1)], [undefined, IMPORTED])
  })

  it('have no rejection for a later delivery of an event that was not sent', () => {
    const outcomes = outcomesOf(2)
    outcomes.recordUnsent(0, rejected('invalid_json', 'no'))
    outcomes.record(1, IMPORTED)

    const earlier = outcomes.snapshot()

    assert.deepEqual([earlier?.refusalAt(0), earlier?.finalAt(0)], [undefined, undefined])
  })

  it('take memory for each event, each portion and each text of a later delivery', () => {
    const small = bytesOf(importedOf(1, 1))

    assert.ok(bytesOf(importedOf(1, 1_000)) >= small + 999)
    assert.ok(bytesOf(importedOf(1_000, 1)) >= small + 999 * 16)
    const long = 'x'.repeat(1_000)
    for (const [detail, field] of [[long], ['', long]]) {
      const outcomes = outcomesOf(1)
      outcomes.record(0, rejected('refused_by_mixpanel', detail ?? '', field))
      assert.ok(bytesOf(outcomes) >= small + 1_000)
    }
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
  const outcomes = new OutcomeTable(UNCOUNTED)
  outcomes.addPortion({ lines: events, events })
  return outcomes
}

function importedOf(portions: number, events: number): OutcomeTable {
  const outcomes = new OutcomeTable(UNCOUNTED)
  for (let portion = 0; portion < portions; portion += 1) {
    const from = outcomes.addPortion({ lines: events, events })
    for (let place = from; place < from + events; place += 1) outcomes.record(place, IMPORTED)
  }
  return outcomes
}

function bytesOf(outcomes: OutcomeTable): number {
  return outcomes.snapshot()?.bytes ?? 0
}

function refused(n: number): ReturnType<typeof rejected> {
  return rejected('refused_by_mixpanel', `reason ${n}`)
}
