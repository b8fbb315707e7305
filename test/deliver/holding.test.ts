import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createHolding } from '../../src/deliver/holding.ts'
import { aParty, type NotingParty } from '../helpers/builders.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { travellersOf } from './a-delivery.ts'

const SUSPECT = { kind: 'retry', reason: 'suspect' }
const DRAINING = { kind: 'retry', reason: 'draining' }

function endsOf({ arrivals }: NotingParty) {
  return arrivals.map(({ outcome }) => outcome)
}

describe('events that are held back', () => {
  it('go back when the time of their message is up, each message by itself', async () => {
    const clock = createFakeClock()
    const [soon, later] = [aParty(100), aParty(200)]
    const { hold } = createHolding(clock)

    hold([...travellersOf(soon, ['a', 'b']), ...travellersOf(later, ['c'])])
    await clock.advance(99)
    assert.deepEqual([endsOf(soon), endsOf(later)], [[], []])
    await clock.advance(1)
    assert.deepEqual([endsOf(soon), endsOf(later)], [[SUSPECT, SUSPECT], []])
    await clock.advance(100)

    assert.deepEqual([endsOf(soon), endsOf(later)], [[SUSPECT, SUSPECT], [SUSPECT]])
  })

  it('go back at once when it is up already', () => {
    const party = aParty(0)

    createHolding(createFakeClock()).hold(travellersOf(party, ['a']))

    assert.deepEqual(endsOf(party), [SUSPECT])
  })

  it('are held on when their message was given more time', async () => {
    const clock = createFakeClock()
    const party = aParty(100)
    createHolding(clock).hold(travellersOf(party, ['a']))

    party.deliverBy = 200
    await clock.advance(199)
    assert.deepEqual(endsOf(party), [])
    await clock.advance(1)

    assert.deepEqual(endsOf(party), [SUSPECT])
  })

  it('go back once the service drains, and none is held from then on', async () => {
    const clock = createFakeClock()
    const [held, late] = [aParty(100), aParty(100)]
    const { hold, drain } = createHolding(clock)
    hold(travellersOf(held, ['a']))

    drain()
    hold(travellersOf(late, ['b']))
    await clock.advance(0)

    assert.deepEqual([endsOf(held), endsOf(late)], [[DRAINING], [DRAINING]])
  })
})
