import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLinger, type Linger } from '../../src/batch/linger.ts'

/** Lets events arrive evenly for ten seconds. */
function arriveAt(eventsASecond: number, linger: Linger, { eventsAPush = 1, from = 0 } = {}): void {
  const pushes = (eventsASecond / eventsAPush) * 10
  for (let push = 0; push < pushes; push += 1) {
    linger.arrived(eventsAPush, from + (push * 10_000) / pushes)
  }
}

describe('createLinger', () => {
  for (const [eventsASecond, ms] of [
    [1, 10],
    [40, 10],
    [64, 100],
    [320, 100],
    [800, 80],
    [3_200, 20],
    [6_400, 10],
    [20_000, 10],
  ] as const) {
    it(`waits ${ms} ms at ${eventsASecond} events a second`, () => {
      const linger = createLinger('adaptive')

      arriveAt(eventsASecond, linger)

      assert.ok(Math.abs(linger.ms() - ms) <= 1, `${linger.ms()} ms`)
    })
  }

  it('counts events, not pushes', () => {
    const linger = createLinger('adaptive')

    arriveAt(800, linger, { eventsAPush: 10 })

    assert.ok(Math.abs(linger.ms() - 80) <= 1, `${linger.ms()} ms`)
  })

  it('waits 10 ms at first, and again when few events come', () => {
    const linger = createLinger('adaptive')
    assert.equal(linger.ms(), 10)

    arriveAt(800, linger)
    arriveAt(2, linger, { from: 10_000 })

    assert.equal(linger.ms(), 10)
  })

  it('has the length that it was given, whatever comes', () => {
    const linger = createLinger(25)

    arriveAt(800, linger)

    assert.equal(linger.ms(), 25)
  })
})
