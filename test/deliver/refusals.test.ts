import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRefusals } from '../../src/deliver/refusals.ts'
import { aSink } from '../helpers/builders.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { pendingOf } from './a-delivery.ts'

const TWO_HOURS_MS = 2 * 3_600_000

/** Refusals beside a Mixpanel whose last import set out when the test says. */
function aScene() {
  const clock = createFakeClock()
  let importedAt = Number.NEGATIVE_INFINITY
  const refusals = createRefusals({ hasImportedSince: (since) => importedAt >= since }, clock)
  return {
    ...refusals,
    clock,
    imported: () => {
      importedAt = clock.monotonic()
    },
  }
}

describe('the deliveries that refused an event', () => {
  it('are counted when something was imported since the one before', () => {
    const { countDelivery, imported } = aScene()
    const [event] = pendingOf(aSink(), ['a'])
    assert.ok(event)

    const counts = [countDelivery(event), countDelivery(event)]
    imported()
    counts.push(countDelivery(event))

    assert.deepEqual(counts, [1, 1, 2])
  })

  it('are counted from the last that counts, not from one that did not', async () => {
    const { countDelivery, imported, clock } = aScene()
    const [event] = pendingOf(aSink(), ['a'])
    assert.ok(event)

    const counts = [countDelivery(event)]
    await clock.advance(1)
    imported()
    await clock.advance(1)
    counts.push(countDelivery(event), countDelivery(event))

    assert.deepEqual(counts, [1, 2, 2])
  })

  it('are counted for each place in a message, and for each message', () => {
    const { countDelivery, imported } = aScene()
    const events = [...pendingOf(aSink(), ['a', 'b']), ...pendingOf(aSink(), ['a', 'b'])]

    imported()

    assert.deepEqual(events.map(countDelivery), [1, 1, 1, 1])
    assert.deepEqual(events.map(countDelivery), [2, 2, 2, 2])
  })

  it('are forgotten two hours after the last', async () => {
    const { countDelivery, imported, clock } = aScene()
    const [event] = pendingOf(aSink(), ['a'])
    assert.ok(event)
    const counts: number[] = []

    for (const ms of [0, TWO_HOURS_MS - 1, TWO_HOURS_MS]) {
      await clock.advance(ms)
      imported()
      counts.push(countDelivery(event))
    }

    assert.deepEqual(counts, [1, 2, 1])
  })
})

describe('the requests of a bisection that refused a batch', () => {
  it('are those that refused the event which the fewest have', () => {
    const { noteBisection, requestsBefore } = aScene()
    const [a, b, c] = pendingOf(aSink())
    assert.ok(a && b && c)

    noteBisection([a, b], 3)
    noteBisection([b], 5)

    assert.deepEqual([[a], [b], [a, b], [b, c], [c]].map(requestsBefore), [3, 5, 3, 0, 0])
  })
})

describe('a text that may speak of an event', () => {
  it('does when its message has met one before, and something was imported since', async () => {
    const { noteText, isAboutEvents, imported, clock } = aScene()
    const batch = pendingOf(aSink())
    const others = pendingOf(aSink())

    imported()
    await clock.advance(1)
    noteText(batch)
    assert.equal(isAboutEvents(batch), false)
    await clock.advance(1)
    imported()

    assert.equal(isAboutEvents(batch), true)
    assert.equal(isAboutEvents([...others, ...batch.slice(1)]), true)
    assert.equal(isAboutEvents(others), false)
  })

  it('is remembered from its first time on', async () => {
    const { noteText, isAboutEvents, imported, clock } = aScene()
    const batch = pendingOf(aSink())

    noteText(batch)
    imported()
    await clock.advance(1)
    noteText(batch)

    assert.equal(isAboutEvents(batch), true)
  })
})
