import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { backoffMs } from '../../src/deliver/backoff.ts'

const OPTIONS = { initialMs: 2_000, maxMs: 60_000 }
const ALMOST_ONE = 1 - 2 ** -53

describe('backoffMs', () => {
  const ceilings = [
    { attempt: 1, ceilingMs: 2_000 },
    { attempt: 2, ceilingMs: 4_000 },
    { attempt: 5, ceilingMs: 32_000 },
    { attempt: 6, ceilingMs: 60_000 },
    { attempt: 5_000, ceilingMs: 60_000 },
  ]
  for (const { attempt, ceilingMs } of ceilings) {
    it(`waits from nothing to ${ceilingMs} ms after failed attempt ${attempt}`, () => {
      assert.equal(backoffMs(attempt, OPTIONS, 0), 0)
      assert.equal(backoffMs(attempt, OPTIONS, 0.5), ceilingMs / 2)
      assert.equal(backoffMs(attempt, OPTIONS, ALMOST_ONE), ceilingMs - 1)
    })
  }

  it('never passes its maximum, whatever the attempt and the chance', () => {
    const chance = fc.double({ min: 0, max: ALMOST_ONE, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 1 }), chance, (attempt, random) => {
        const ms = backoffMs(attempt, OPTIONS, random)

        assert.ok(ms >= 0 && ms < OPTIONS.maxMs)
      }),
    )
  })
})
