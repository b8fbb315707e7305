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

describe('the work on a message', () => {
  it('has no events before the message is decoded', () => {
    const { outcomes } = aProgress()

    assert.deepEqual([outcomes.portions, outcomes.count(), outcomes.newTotals()], [[], 0, []])
  })

  it('counts the events that no earlier delivery brought to their end', () => {
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

  it('leaves only those to be imported that earlier deliveries came to no outcome for', () => {
    const earlier = earlierWith([IMPORTED, dropped, refused, retry('deadline')])
    const progress = aProgress(undefined, { earlier })

    const pending = begin(progress, 4)

    assert.deepEqual(placesOf(pending), [3])
    assert.deepEqual(progress.outcomes.distinct().slice(0, 3), [IMPORTED, dropped, refused])
  })

  it('begins anew from where a portion has another number of events than before', () => {
    const progress = aProgress(undefined, {
      earlier: earlierWith([IMPORTED, IMPORTED], [IMPORTED], [IMPORTED]),
    })

    const setOut = [begin(progress, 2), begin(progress, 2), begin(progress, 1)]

    assert.deepEqual(setOut.map(placesOf), [[], [2, 3], [4]])
  })

  it('takes up where earlier deliveries have settled whole portions', () => {
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

  it('forgets nothing of what it does not come to', () => {
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

  it('comes again when it is left at a place that no delivery has reached', () => {
    const progress = aProgress()
    const [only] = begin(progress, 1)
    if (only) progress.report(only, IMPORTED)

    progress.giveBackRest(retry('deadline'))

    assert.deepEqual(progress.outcomes.distinct(), [IMPORTED, retry('deadline')])
    assert.deepEqual(progress.outcomes.newTotals(), [{ outcome: IMPORTED, count: 1 }])
  })

  it('is wanted until the moment it must be delivered by, which may move', () => {
    let now = 999
    const progress = aProgress(undefined, { deliverBy: 1000, now: () => now })

    const before = progress.wanted()
    now = 1000
    const then = progress.wanted()
    progress.deliverBy = 1001

    assert.deepEqual([before, then, progress.wanted()], [true, false, true])
  })

  it('waits for the last of its events to arrive', async () => {
    const progress = aProgress()
    const [first, second] = begin(progress, 2)
    assert.ok(first && second)
    let allArrived = false
    void progress.untilInFlight(0).then(() => {
      allArrived = true
    })

    progress.report(first, IMPORTED)
    await settlePromises()
    assert.equal(allArrived, false)
    progress.report(second, refused)
    await settlePromises()

    assert.equal(allArrived, true)
    assert.deepEqual(progress.outcomes.distinct(), [IMPORTED, refused])
  })

  it('waits only until few enough are under way', async () => {
    const progress = aProgress()
    const [first, second] = begin(progress, 2)
    assert.ok(first && second)

    progress.report(first, IMPORTED)

    await progress.untilInFlight(second.prepared.bytes + 500)
  })

  it('need not wait for events that arrived before', async () => {
    const progress = aProgress()
    const [only] = begin(progress, 1)
    assert.ok(only)

    progress.report(only, IMPORTED)

    await progress.untilInFlight(0)
  })

  it('counts in its hold why events are rejected, when each is worded otherwise', () => {
    const budget = createByteBudget(1e9)
    const progress = aProgress(undefined, { bytes: budget.openMessage() })
    const pending = begin(progress, 1_000)

    for (const [n, event] of pending.entries()) {
      progress.report(event, rejected('refused_by_mixpanel', `${n}`.padEnd(1_000)))
    }

    assert.ok(budget.held() > 900 * 1_000)
  })

  it('ends when a delivery throws, though nobody waits yet', async () => {
    const progress = aProgress()
    begin(progress, 2)

    progress.failed(new Error('a bug'))

    await assert.rejects(progress.untilInFlight(0), /a bug/)
  })

  it('ends when a delivery throws', async () => {
    const progress = aProgress()
    begin(progress, 2)
    const arrivals = progress.untilInFlight(0)

    progress.failed(new Error('a bug'))

    await assert.rejects(arrivals, /a bug/)
  })
})

/** Begins a portion of good events. */
function begin(progress: MessageProgress, count: number): readonly PendingEvent[] {
  return progress.begin(aPortion(count))
}

function placesOf(pending: readonly PendingEvent[]): readonly number[] {
  return pending.map(({ place }) => place)
}
