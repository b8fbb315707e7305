import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createByteBudget } from '../../src/lib/byte-budget.ts'
import { freshIn, kindsIn, pastOf } from '../../src/message/outcomes.ts'
import type { Work } from '../../src/message/work.ts'
import { type EventOutcome, IMPORTED, rejected, retry } from '../../src/model/outcome.ts'
import type { PendingEvent } from '../../src/model/pending-event.ts'
import { settlePromises } from '../helpers/fake-clock.ts'
import { aPortion, pastWith } from '../helpers/outcomes.ts'
import { aWork } from '../helpers/path.ts'

const dropped: EventOutcome = { kind: 'dropped', rule: 'transform' }
const refused = rejected('refused_by_mixpanel', 'no')

describe('the work on a message', () => {
  it('has no events before the message is decoded', () => {
    const { outcomes } = aWork()

    assert.deepEqual([outcomes.portions, outcomes.codes, freshIn(outcomes)], [[], [], []])
  })

  it('counts the events that no earlier delivery brought to their end', () => {
    const counts: number[] = []
    const past = pastWith([IMPORTED, dropped, refused, retry('deadline')])
    const work = aWork(undefined, { past, begun: (count) => counts.push(count) })

    begin(work, 4)

    assert.deepEqual(counts, [2])
    assert.deepEqual(freshIn(work.outcomes), [
      { outcome: retry('deadline'), count: 1 },
      { outcome: refused, count: 1 },
    ])
  })

  it('leaves only those to be imported that earlier deliveries came to no outcome for', () => {
    const past = pastWith([IMPORTED, dropped, refused, retry('deadline')])
    const work = aWork(undefined, { past })

    const pending = begin(work, 4)

    assert.deepEqual(placesOf(pending), [3])
    assert.deepEqual(kindsIn(work.outcomes).slice(0, 3), [IMPORTED, dropped, refused])
  })

  it('begins anew from where a portion has another number of events than before', () => {
    const work = aWork(undefined, { past: pastWith([IMPORTED, IMPORTED], [IMPORTED], [IMPORTED]) })

    const setOut = [begin(work, 2), begin(work, 2), begin(work, 1)]

    assert.deepEqual(setOut.map(placesOf), [[], [2, 3], [4]])
  })

  it('takes up where earlier deliveries have settled whole portions', () => {
    const skipped: number[] = []
    const counts: number[] = []
    const past = pastWith([IMPORTED, IMPORTED], [dropped], [IMPORTED, retry('deadline')])
    const work = aWork(undefined, { past, begun: (count) => counts.push(count) })

    work.skipSettled((lines) => skipped.push(lines))
    const pending = begin(work, 2)

    assert.deepEqual(skipped, [2, 1])
    assert.deepEqual(placesOf(pending), [4])
    assert.deepEqual(counts, [1])
    assert.deepEqual(kindsIn(work.outcomes).slice(0, 2), [IMPORTED, dropped])
  })

  it('forgets nothing of what it does not come to', () => {
    const past = pastWith([IMPORTED], [IMPORTED, refused, retry('throttled')])
    const work = aWork(undefined, { past })
    begin(work, 1)

    work.leaveRest(retry('deadline'))
    const again = pastOf(work.outcomes)

    assert.deepEqual(freshIn(work.outcomes), [])
    assert.deepEqual(
      [0, 1, 2, 3].map((place) => again?.endedAt(place) ?? again?.rejectionAt(place)),
      [IMPORTED, IMPORTED, refused, undefined],
    )
    assert.deepEqual(kindsIn(work.outcomes).at(-1), retry('deadline'))
  })

  it('comes again when it is left at a place that no delivery has reached', () => {
    const work = aWork()
    const [only] = begin(work, 1)
    if (only) work.report(only, IMPORTED)

    work.leaveRest(retry('deadline'))

    assert.deepEqual(kindsIn(work.outcomes), [IMPORTED, retry('deadline')])
    assert.deepEqual(freshIn(work.outcomes), [{ outcome: IMPORTED, count: 1 }])
  })

  it('is wanted until the moment it must be delivered by, which may move', () => {
    let now = 999
    const work = aWork(undefined, { deliverBy: 1000, now: () => now })

    const before = work.wanted()
    now = 1000
    const then = work.wanted()
    work.deliverBy = 1001

    assert.deepEqual([before, then, work.wanted()], [true, false, true])
  })

  it('waits for the last of its events to arrive', async () => {
    const work = aWork()
    const [first, second] = begin(work, 2)
    assert.ok(first && second)
    let allArrived = false
    void work.arrivals(0).then(() => {
      allArrived = true
    })

    work.report(first, IMPORTED)
    await settlePromises()
    assert.equal(allArrived, false)
    work.report(second, refused)
    await settlePromises()

    assert.equal(allArrived, true)
    assert.deepEqual(kindsIn(work.outcomes), [IMPORTED, refused])
  })

  it('waits only until few enough are under way', async () => {
    const work = aWork()
    const [first, second] = begin(work, 2)
    assert.ok(first && second)

    work.report(first, IMPORTED)

    await work.arrivals(second.prepared.bytes + 500)
  })

  it('need not wait for events that arrived before', async () => {
    const work = aWork()
    const [only] = begin(work, 1)
    assert.ok(only)

    work.report(only, IMPORTED)

    await work.arrivals(0)
  })

  it('counts in its hold why events are rejected, when each is worded otherwise', () => {
    const budget = createByteBudget(1e9)
    const work = aWork(undefined, { messageBytes: budget.openMessage() })
    const pending = begin(work, 1_000)

    for (const [n, event] of pending.entries()) {
      work.report(event, rejected('refused_by_mixpanel', `${n}`.padEnd(1_000)))
    }

    assert.ok(budget.held() > 900 * 1_000)
  })

  it('ends when a delivery throws, though nobody waits yet', async () => {
    const work = aWork()
    begin(work, 2)

    work.failed(new Error('a bug'))

    await assert.rejects(work.arrivals(0), /a bug/)
  })

  it('ends when a delivery throws', async () => {
    const work = aWork()
    begin(work, 2)
    const arrivals = work.arrivals(0)

    work.failed(new Error('a bug'))

    await assert.rejects(arrivals, /a bug/)
  })
})

/** Begins a portion of good events. */
function begin(work: Work, count: number): readonly PendingEvent[] {
  return work.begin(aPortion(count))
}

function placesOf(pending: readonly PendingEvent[]): readonly number[] {
  return pending.map(({ place }) => place)
}
