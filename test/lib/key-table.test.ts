import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createKeyTable } from '../../src/lib/key-table.ts'

describe('a key table', () => {
  it('returns the marks that a key had before, and keeps them apart from those of other keys', () => {
    const keys = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.constantFrom(1, 2, 128)))
    fc.assert(
      fc.property(keys, (marked) => {
        const table = createKeyTable()
        const model = new Map<string, number>()
        for (const [key, mark] of marked) {
          assert.equal(table.mark(key, mark), model.get(key) ?? 0)
          model.set(key, (model.get(key) ?? 0) | mark)
        }
        for (const [key, marks] of model) assert.equal(table.marksOf(key), marks)
        assert.equal(table.marksOf('unknown'), 0)
      }),
    )
  })

  it('keeps every key while it grows', () => {
    const table = createKeyTable()
    const keys = Array.from({ length: 50_000 }, (_, place) => `key ${place}`)
    for (const key of keys) assert.equal(table.mark(key, 1), 0)

    assert.ok(keys.every((key) => table.marksOf(key) === 1))
    assert.equal(table.marksOf('key 50000'), 0)
  })
})
