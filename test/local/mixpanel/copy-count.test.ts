import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { createRowStore, type DedupRule, type Row } from '../../../src/local/mixpanel/row-store.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

const rows: fc.Arbitrary<Row> = fc
  .record({ id: fc.constantFrom('a', 'b'), sent: fc.constantFrom('u', 'v'), day: fc.nat(60) })
  .map(({ id, sent, day }) => ({
    event: 'e',
    distinctId: 'u',
    sentDistinctId: sent,
    insertId: id,
    time: 0,
    properties: {},
    location: 'none',
    raw: '',
    receivedAt: day * DAY_MS,
  }))
const rules: fc.Arbitrary<DedupRule> = fc.record({
  dedupDistinctId: fc.constantFrom('resolved', 'sent'),
  dedupDays: fc.constantFrom<DedupRule['dedupDays']>('unlimited', 20),
})

it('counts the copies that queries leave out, however rows and rules come', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(rows), rules), { maxLength: 8 }), (steps) => {
      const store = createRowStore()
      for (const [added, rule] of steps) {
        store.add(added.toSorted((one, other) => one.receivedAt - other.receivedAt))
        assert.equal(store.copies(rule), store.count() - store.deduplicated(rule).length)
      }
      assert.deepEqual(store.last(3), store.rows().slice(-3))
      store.clear()
      assert.deepEqual([store.count(), store.copies()], [0, 0])
    }),
  )
})
