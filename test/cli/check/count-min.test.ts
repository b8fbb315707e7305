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

  it('counts a key among a million others to the hundred', () => {
    const { add } = createCountMin()
    for (let n = 0; n < 500_000; n += 1) add(`20000 user-${n}`)
    for (let n = 0; n < 500_000; n += 1) add(`20001 ${(n * 2_654_435_761).toString(16)}`)

    let count = 0
    for (let n = 0; n < 1_000; n += 1) count = add('20000 the-hot-one')

    assert.ok(count >= 1_000 && count < 1_100, `${count}`)
  })
})
