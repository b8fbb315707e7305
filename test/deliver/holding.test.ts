import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createHolding } from '../../src/deliver/holding.ts'
import { aSink, type RecordingSink } from '../helpers/builders.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { pendingOf } from './a-delivery.ts'

const SUSPECT = { kind: 'retry', reason: 'suspect' }
const DRAINING = { kind: 'retry', reason: 'draining' }

function endsOf({ arrivals }: RecordingSink) {
  return arrivals.map(({ outcome }) => outcome)
}

describe('events that are held back', () => {
  it('go back when the time of their message is up, each message by itself', async () => {
    const clock = createFakeClock()
    const [soon, later] = [aSink(100), aSink(200)]
    const { hold } = createHolding(clock)

    hold([...pendingOf(soon, ['a', 'b']), ...pendingOf(later, ['c'])])
    await clock.advance(99)
    assert.deepEqual([endsOf(soon), endsOf(later)], [[], []])
    await clock.advance(1)
    assert.deepEqual([endsOf(soon), endsOf(later)], [[SUSPECT, SUSPECT], []])
    await clock.advance(100)

    assert.deepEqual([endsOf(soon), endsOf(later)], [[SUSPECT, SUSPECT], [SUSPECT]])
  })

  it('go back at once when it is up already', () => {
    const sink = aSink(0)

    createHolding(createFakeClock()).hold(pendingOf(sink, ['a']))

    assert.deepEqual(endsOf(sink), [SUSPECT])
  })

  it('are held on when their message was given more time', async () => {
    const clock = createFakeClock()
    const sink = aSink(100)
    createHolding(clock).hold(pendingOf(sink, ['a']))

    sink.deliverBy = 200
    await clock.advance(199)
    assert.deepEqual(endsOf(sink), [])
    await clock.advance(1)

    assert.deepEqual(endsOf(sink), [SUSPECT])
  })

  it('go back once the service drains, and none is held from then on', async () => {
    const clock = createFakeClock()
    const [held, late] = [aSink(100), aSink(100)]
    const { hold, drain } = createHolding(clock)
    hold(pendingOf(held, ['a']))

    drain()
    hold(pendingOf(late, ['b']))
    await clock.advance(0)

    assert.deepEqual([endsOf(held), endsOf(late)], [[DRAINING], [DRAINING]])
  })
})
