import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Journey } from '../src/model/journey.ts'
import { type EventOutcome, IMPORTED, rejected, retry } from '../src/model/outcome.ts'
import type { Work } from '../src/work.ts'
import { aTraveller } from './helpers/builders.ts'
import { settlePromises } from './helpers/fake-clock.ts'
import { aWork } from './helpers/path.ts'

const dropped: EventOutcome = { kind: 'dropped', rule: 'transform' }
const refused = rejected('refused_by_mixpanel', 'no')

describe('the work on a message', () => {
  it('has no events before the message is decoded', () => {
    const { journeys, fresh } = aWork()

    assert.deepEqual([journeys, fresh], [[], []])
  })

  it('counts the events that no earlier delivery brought to their end', () => {
    const counts: number[] = []
    const past = [IMPORTED, dropped, refused, retry('deadline')]
    const work = aWork(undefined, { past, begun: (count) => counts.push(count) })

    const journeys = begin(work, 4)

    assert.deepEqual(counts, [2])
    assert.deepEqual(work.fresh, journeys.slice(2))
  })

  it('leaves only those to be imported that earlier deliveries came to no outcome for', () => {
    const work = aWork(undefined, { past: [IMPORTED, dropped, refused, retry('deadline')] })

    const journeys = begin(work, 4)

    assert.deepEqual(
      journeys.map(({ outcome }) => outcome),
      [IMPORTED, dropped, refused, undefined],
    )
  })

  it('begins anew when the message has another number of events than before', () => {
    const work = aWork(undefined, { past: [IMPORTED] })

    const journeys = begin(work, 2)

    assert.deepEqual(work.fresh, journeys)
    assert.ok(journeys.every(({ outcome }) => outcome === undefined))
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
    const [first, second] = [aTraveller(work), aTraveller(work)]
    work.begin([first, second])
    let allArrived = false
    work.arrivals(2).then(() => {
      allArrived = true
    })

    work.arrived(first, IMPORTED)
    await settlePromises()
    assert.equal(allArrived, false)
    work.arrived(second, refused)
    await settlePromises()

    assert.equal(allArrived, true)
    assert.deepEqual([first.outcome, second.outcome], [IMPORTED, refused])
  })

  it('need not wait for events that arrived before', async () => {
    const work = aWork()
    const only = aTraveller(work)
    work.begin([only])

    work.arrived(only, IMPORTED)

    await work.arrivals(1)
  })

  it('ends when a delivery throws', async () => {
    const work = aWork()
    begin(work, 2)
    const arrivals = work.arrivals(2)

    work.failed(new Error('a bug'))

    await assert.rejects(arrivals, /a bug/)
  })
})

function begin(work: Work, count: number): readonly Journey[] {
  const journeys = Array.from({ length: count }, () => aTraveller(work))
  work.begin(journeys)
  return journeys
}
