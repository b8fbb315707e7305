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

describe('the progress of a message', () => {
  it('has no events before the message is decoded', () => {
    const { outcomes } = aProgress()

    assert.deepEqual([outcomes.portions, outcomes.count(), outcomes.newTotals()], [[], 0, []])
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

  it('keeps the earlier outcomes of the portions that it does not reach', () => {
    const earlier = earlierWith([IMPORTED], [IMPORTED, refused, retry('throttled')])
    const progress = aProgress(undefined, { earlier })
    begin(progress, 1)

    progress.giveBackRest(retry('deadline'))
    const again = progress.outcomes.snapshot()

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

/** Begins a portion of good events. */
function begin(progress: MessageProgress, count: number): readonly PendingEvent[] {
  return progress.begin(aPortion(count))
}

function placesOf(pending: readonly PendingEvent[]): readonly number[] {
  return pending.map(({ place }) => place)
}
