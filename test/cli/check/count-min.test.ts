import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createCountMin } from '../../../src/cli/check/count-min.ts'

describe('a count-min sketch', () => {
  it('never counts too low', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2 }), { maxLength: 200 }), (keys) => {
        const { add } = createCountMin()
        const exact = new Map<string, number>()
        for (const key of keys) {
          exact.set(key, (exact.get(key) ?? 0) + 1)
          assert.ok(add(key) >= (exact.get(key) ?? 0))
        }
      }),
      { numRuns: 20 },
    )
  })
})
