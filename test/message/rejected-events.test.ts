import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OutcomeTable } from '../../src/message/outcome-table.ts'
import { createRejectedEventsOf } from '../../src/message/rejected-events.ts'
import { type EventOutcome, IMPORTED, type Rejected, rejected } from '../../src/model/outcome.ts'
import type { MadeEvent } from '../../src/model/pending-event.ts'
import { aPreparedEvent } from '../helpers/builders.ts'
import { UNCOUNTED } from '../helpers/outcomes.ts'

const BAD = rejected('invalid_event', 'the event has no name', 'event')
const REFUSED = rejected('refused_by_mixpanel', 'no')
const PREPARED = aPreparedEvent()

describe('the rejected events of a portion', () => {
  it('have their line, their reason and the text that was sent', () => {
    const outcomes = outcomesOf({ unsent: [[1, BAD]], answers: [IMPORTED, undefined, REFUSED] })
    const events = [aMadeEvent(1), aMadeEvent(2, BAD), aMadeEvent(3)]

    const found = createRejectedEventsOf(outcomes)({ events, isLast: true })

    assert.deepEqual(found, [
      { line: lineOf(2), ordinal: 1, child: 0, outcome: BAD },
      { line: lineOf(3), ordinal: 1, child: 0, outcome: REFUSED, prepared: PREPARED },
    ])
  })

  it('keep the answer of Mixpanel when the event cannot be made again', () => {
    const outcomes = outcomesOf({ answers: [REFUSED] })

    const found = createRejectedEventsOf(outcomes)({
      events: [aMadeEvent(1, BAD)],
      isLast: true,
    })

    assert.deepEqual(
      found.map(({ outcome }) => outcome),
      [REFUSED],
    )
  })

  for (const [again, step] of [
    ['sent', PREPARED],
    ['dropped', { kind: 'dropped', rule: 'transform' }],
  ] as const) {
    it(`blame the transform when an event that was rejected would now be ${again}`, () => {
      const outcomes = outcomesOf({ unsent: [[0, BAD]], answers: [undefined] })

      const [found, ...more] = createRejectedEventsOf(outcomes)({
        events: [aMadeEvent(1, step)],
        isLast: true,
      })

      assert.equal(found?.outcome.reason, 'transform_failed')
      assert.match(found.outcome.detail, /the transform is no function of its input/)
      assert.deepEqual(more, [])
    })
  }

  it('have the ordinal of their line among the equal lines of all portions', () => {
    const outcomes = outcomesOf({ answers: [REFUSED, REFUSED, REFUSED, IMPORTED, REFUSED] })
    const rejectedEventsOf = createRejectedEventsOf(outcomes)
    const equal = (number: number, child = 0) => ({
      ...aMadeEvent(number),
      line: { number, text: 'equal' },
      child,
    })

    const first = rejectedEventsOf({
      events: [equal(1, 1), equal(1, 2), aMadeEvent(2)],
      isLast: false,
    })
    const last = rejectedEventsOf({ events: [equal(3), equal(4)], isLast: true })

    assert.deepEqual(
      [...first, ...last].map(({ line, ordinal }) => [line?.number, ordinal]),
      [
        [1, 1],
        [1, 1],
        [2, 1],
        [4, 3],
      ],
    )
  })

  it('have the ordinal of their insert id, when it depends on one', () => {
    const outcomes = outcomesOf({ answers: [REFUSED] })

    const [found] = createRejectedEventsOf(outcomes)({
      events: [aMadeEvent(1, aPreparedEvent({ ordinal: 7 }))],
      isLast: true,
    })

    assert.equal(found?.ordinal, 7)
  })

  it('say how many children their line has', () => {
    const outcomes = outcomesOf({ answers: [IMPORTED, REFUSED] })
    const events = [1, 2].map((child) => ({ ...aMadeEvent(1), child, children: 2 }))

    const [found] = createRejectedEventsOf(outcomes)({ events, isLast: true })

    assert.deepEqual([found?.child, found?.children], [2, 2])
  })

  it('have no line when they stand for the whole message', () => {
    const outcomes = outcomesOf({ unsent: [[0, BAD]], answers: [undefined] })

    const found = createRejectedEventsOf(outcomes)({
      events: [{ child: 0, step: BAD }],
      isLast: true,
    })

    assert.deepEqual(found, [{ ordinal: 1, child: 0, outcome: BAD }])
  })

  it('are not returned when a message makes fewer events than it has outcomes', () => {
    const rejectedEventsOf = createRejectedEventsOf(
      outcomesOf({ answers: [REFUSED, REFUSED, REFUSED] }),
    )

    assert.equal(rejectedEventsOf({ events: [aMadeEvent(1)], isLast: false }).length, 1)
    assert.throws(
      () => rejectedEventsOf({ events: [aMadeEvent(2)], isLast: true }),
      /^Error: a message made fewer events when it was read again$/,
    )
  })
})

interface Outcomes {
  /** The rejections of events that were not sent, by place. */
  readonly unsent?: readonly (readonly [number, Rejected])[]
  /** The outcomes of the other events. */
  readonly answers: readonly (EventOutcome | undefined)[]
}

function outcomesOf({ unsent = [], answers }: Outcomes): OutcomeTable {
  const outcomes = new OutcomeTable(UNCOUNTED)
  outcomes.addPortion({ lines: answers.length, events: answers.length })
  for (const [place, outcome] of unsent) outcomes.recordUnsent(place, outcome)
  for (const [place, answer] of answers.entries()) {
    if (answer) outcomes.record(place, answer)
  }
  return outcomes
}

function aMadeEvent(number: number, step: MadeEvent['step'] = PREPARED): MadeEvent {
  return { line: lineOf(number), child: 0, step }
}

function lineOf(number: number) {
  return { number, text: `line ${number}` }
}
