import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createByteBudget } from '../../src/lib/byte-budget.ts'
import type { MessageProgress } from '../../src/message/message-progress.ts'
import { type EventOutcome, IMPORTED, rejected, retry } from '../../src/model/outcome.ts'
import type { PendingEvent } from '../../src/model/pending-event.ts'
import { settlePromises } from '../helpers/fake-clock.ts'
import { aPortion, earlierWith } from '../helpers/outcomes.ts'
import { aProgress } from '../helpers/path.ts'

const dropped: EventOutcome = { kind: 'dropped', rule: 'transform' }
const refused = rejected('refused_by_mixpanel', 'no')
const DELIVER_BY = 10
const END_BY = 30

describe('the progress of a message', () => {
  it('has no events before the message is decoded', () => {
    const { outcomes } = aProgress()

    assert.deepEqual([outcomes.portions, outcomes.events, outcomes.newTotals()], [[], 0, []])
  })

  it('counts the events that no earlier delivery imported or dropped', () => {
    const counts: number[] = []
    const earlier = earlierWith([IMPORTED, dropped, refused, retry('deadline')])
    const progress = aProgress(undefined, { earlier, begun: (count) => counts.push(count) })

    begin(progress, 4)

    assert.deepEqual(counts, [2])
    assert.deepEqual(progress.outcomes.newTotals(), [
      { outcome: retry('deadline'), count: 1 },
      { outcome: refused, count: 1 },
    ])
  })

  it('sends only the events to which no earlier delivery gave an outcome', () => {
    const earlier = earlierWith([IMPORTED, dropped, refused, retry('deadline')])
    const progress = aProgress(undefined, { earlier })

    const pending = begin(progress, 4)

    assert.deepEqual(placesOf(pending), [3])
    assert.deepEqual(progress.outcomes.distinct().slice(0, 3), [IMPORTED, dropped, refused])
  })

  it('forgets earlier outcomes from the first portion with another number of events', () => {
    const progress = aProgress(undefined, {
      earlier: earlierWith([IMPORTED, IMPORTED], [IMPORTED], [IMPORTED]),
    })

    const begun = [begin(progress, 2), begin(progress, 2), begin(progress, 1)]

    assert.deepEqual(begun.map(placesOf), [[], [2, 3], [4]])
  })

  it('skips the portions that earlier deliveries settled', () => {
    const skipped: number[] = []
    const counts: number[] = []
    const earlier = earlierWith([IMPORTED, IMPORTED], [dropped], [IMPORTED, retry('deadline')])
    const progress = aProgress(undefined, { earlier, begun: (count) => counts.push(count) })

    progress.skipSettled((lines) => skipped.push(lines))
    const pending = begin(progress, 2)

    assert.deepEqual(skipped, [2, 1])
    assert.deepEqual(placesOf(pending), [4])
    assert.deepEqual(counts, [1])
    assert.deepEqual(progress.outcomes.distinct().slice(0, 2), [IMPORTED, dropped])
  })

  it('skips a settled portion that comes after one with events to send', () => {
    const skipped: number[] = []
    const earlier = earlierWith([IMPORTED], [retry('deadline')], [IMPORTED, dropped])
    const progress = aProgress(undefined, { earlier })
    const skip = (lines: number) => skipped.push(lines)

    progress.skipSettled(skip)
    begin(progress, 1)
    progress.skipSettled(skip)

    assert.deepEqual(skipped, [1, 2])
    assert.equal(progress.outcomes.events, 4)
  })

  it('sends the events of portions that no earlier delivery has reached', () => {
    const progress = aProgress(undefined, { earlier: earlierWith([IMPORTED]) })

    const begun = [begin(progress, 1), begin(progress, 1)]

    assert.deepEqual(begun.map(placesOf), [[], [1]])
  })

  it('keeps the earlier outcomes of the portions that it does not reach', () => {
    const earlier = earlierWith([IMPORTED], [IMPORTED, refused, retry('throttled')])
    const progress = aProgress(undefined, { earlier })
    begin(progress, 1)

    progress.giveBackRest(retry('deadline'))
    const again = progress.outcomes.snapshot()

    assert.equal(progress.outcomes.events, 4)
    assert.deepEqual(progress.outcomes.newTotals(), [])
    assert.deepEqual(
      [0, 1, 2, 3].map((place) => again?.finalAt(place) ?? again?.refusalAt(place)),
      [IMPORTED, IMPORTED, refused, undefined],
    )
    assert.deepEqual(progress.outcomes.distinct().at(-1), retry('deadline'))
  })

  it('has an event that comes again for the portions that no delivery has reached', () => {
    const progress = aProgress()
    const [only] = begin(progress, 1)
    if (only) progress.report(only, IMPORTED)

    progress.giveBackRest(retry('deadline'))

    assert.deepEqual(progress.outcomes.distinct(), [IMPORTED, retry('deadline')])
    assert.deepEqual(progress.outcomes.newTotals(), [{ outcome: IMPORTED, count: 1 }])
  })

  it('is wanted until its deadline, which may move', () => {
    let now = 999
    const progress = aProgress(undefined, { deliverBy: 1000, now: () => now })

    const before = progress.wanted()
    now = 1000
    const then = progress.wanted()
    progress.deliverBy = 1001

    assert.deepEqual([before, then, progress.wanted()], [true, false, true])
  })

  it('waits for the outcome of the last of its events', async () => {
    const progress = aProgress()
    const [first, second] = begin(progress, 2)
    assert.ok(first && second)
    let isOver = false
    void progress.untilInFlight(0).then(() => {
      isOver = true
    })

    progress.report(first, IMPORTED)
    await settlePromises()
    assert.equal(isOver, false)
    progress.report(second, refused)
    await settlePromises()

    assert.equal(isOver, true)
    assert.deepEqual(progress.outcomes.distinct(), [IMPORTED, refused])
  })

  it('waits only until few enough bytes are in flight', async () => {
    const progress = aProgress()
    const [first, second] = begin(progress, 2)
    assert.ok(first && second)

    progress.report(first, IMPORTED)

    await progress.untilInFlight(second.prepared.bytes + 500)
  })

  it('does not wait for events that have their outcome', async () => {
    const progress = aProgress()
    const [only] = begin(progress, 1)
    assert.ok(only)

    progress.report(only, IMPORTED)

    await progress.untilInFlight(0)
  })

  it('counts the texts of rejections in the byte budget', () => {
    const budget = createByteBudget(1e9)
    const progress = aProgress(undefined, { bytes: budget.openMessage() })
    const pending = begin(progress, 1_000)

    for (const [n, event] of pending.entries()) {
      progress.report(event, rejected('refused_by_mixpanel', `${n}`.padEnd(1_000)))
    }

    assert.ok(budget.held() > 900 * 1_000)
    assert.equal(budget.held(), progress.outcomes.textBytes)
  })

  it('counts the texts of events that are not sent in the byte budget', () => {
    const budget = createByteBudget(1e9)
    const progress = aProgress(undefined, { bytes: budget.openMessage() })
    const step = rejected('invalid_event', 'x'.repeat(1_000))

    progress.begin({ events: [{ child: 0, step }], lines: 1 })

    assert.ok(budget.held() > 1_000)
  })

  it('rejects a wait that begins after a delivery threw', async () => {
    const progress = aProgress()
    begin(progress, 2)

    progress.failed(new Error('a bug'))

    await assert.rejects(progress.untilInFlight(0), /a bug/)
  })

  it('rejects the wait when a delivery throws', async () => {
    const progress = aProgress()
    begin(progress, 2)
    const wait = progress.untilInFlight(0)

    progress.failed(new Error('a bug'))

    await assert.rejects(wait, /a bug/)
  })
})

describe('the progress of a message that no push waits for', () => {
  for (const [when, nowMs] of [
    ['at its deadline', DELIVER_BY],
    ['after its deadline', DELIVER_BY + 5],
  ] as const) {
    it(`stops with the first event that comes again ${when}`, () => {
      const { progress, pending, stops } = aDepartedProgress(2, nowMs)
      assert.equal(progress.goesOnUntil(), END_BY)

      for (const event of pending) progress.report(event, retry('throttled'))

      assert.equal(progress.goesOnUntil(), DELIVER_BY)
      assert.equal(stops(), 1)
    })
  }

  it('does not begin when no event has left before its deadline', () => {
    const progress = aProgress(undefined, { deliverBy: DELIVER_BY, endBy: END_BY })

    assert.equal(progress.goesOnUntil(), DELIVER_BY)
  })

  it('does not begin when an event came again before its deadline', () => {
    const { progress, pending, stops } = aDepartedProgress(1, DELIVER_BY - 1)

    for (const event of pending) progress.report(event, retry('throttled'))

    assert.equal(progress.goesOnUntil(), DELIVER_BY)
    assert.equal(stops(), 0)
  })

  it('is not stopped when it has ended by itself', () => {
    const { progress, pending, stops } = aDepartedProgress(1, END_BY)

    for (const event of pending) progress.report(event, retry('throttled'))

    assert.equal(stops(), 0)
  })

  it('stops with an answer that imports nothing', async () => {
    const { report, progress, stops } = aDepartedProgress(2, DELIVER_BY)

    await report(refused, refused)

    assert.equal(progress.goesOnUntil(), DELIVER_BY)
    assert.equal(stops(), 1)
  })

  it('goes on with each answer that imports an event, and stops with the next that does not', async () => {
    const { report, progress, stops } = aDepartedProgress(6, DELIVER_BY)

    await report(refused, refused, IMPORTED)
    await report(IMPORTED, refused)
    assert.equal(progress.goesOnUntil(), END_BY)
    await report(refused)

    assert.equal(progress.goesOnUntil(), DELIVER_BY)
    assert.equal(stops(), 1)
  })

  it('goes on after answers that imported nothing while a push waited', async () => {
    const { report, progress } = aDepartedProgress(1, DELIVER_BY - 1)

    await report(refused)

    assert.equal(progress.goesOnUntil(), END_BY)
  })

  it('goes on while all events are imported', async () => {
    const { report, progress } = aDepartedProgress(2, DELIVER_BY)

    await report(IMPORTED)
    await report(IMPORTED)

    assert.equal(progress.goesOnUntil(), END_BY)
  })

  it('stores dead letters until its end, or until it is given up', () => {
    let now = END_BY - 1
    const progress = aProgress(undefined, { deliverBy: DELIVER_BY, endBy: END_BY, now: () => now })
    progress.departed()

    const before = progress.isTimeToStore()
    now = END_BY
    const after = progress.isTimeToStore()
    progress.giveUp(END_BY - 10)
    now = END_BY - 10

    assert.deepEqual([before, after, progress.isTimeToStore()], [true, false, false])
    assert.equal(progress.goesOnUntil(), DELIVER_BY)
  })

  it('has no more time after it was given up at a later instant', () => {
    const progress = aProgress(undefined, { deliverBy: DELIVER_BY, endBy: END_BY })

    progress.giveUp(END_BY + 1)

    assert.equal(progress.endBy, END_BY)
  })
})

/** Makes the progress of a message whose events have left for Mixpanel. */
function aDepartedProgress(events: number, nowMs: number) {
  let stopped = 0
  const progress = aProgress(undefined, {
    deliverBy: DELIVER_BY,
    endBy: END_BY,
    now: () => nowMs,
    stopped: () => {
      stopped += 1
    },
  })
  const pending = begin(progress, events)
  progress.departed()
  let reported = 0
  return { progress, pending, stops: () => stopped, report }

  /** Reports an answer: the outcomes of the next events. */
  async function report(...outcomes: readonly EventOutcome[]): Promise<void> {
    for (const outcome of outcomes) {
      const event = pending[reported]
      assert.ok(event)
      progress.report(event, outcome)
      reported += 1
    }
    await settlePromises()
  }
}

/** Begins a portion of good events. */
function begin(progress: MessageProgress, count: number): readonly PendingEvent[] {
  return progress.begin(aPortion(count))
}

function placesOf(pending: readonly PendingEvent[]): readonly number[] {
  return pending.map(({ place }) => place)
}
