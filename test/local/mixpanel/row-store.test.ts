import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRowStore, type DedupRule, type Row } from '../../../src/local/mixpanel/row-store.ts'
import { FAVOURED } from '../../../src/local/mixpanel/switches.ts'
import { NOW } from '../post-import.ts'

const DAY_MS = 24 * 60 * 60 * 1000

describe('the raw view', () => {
  it('holds every copy in order of arrival, alike or not', () => {
    const store = storeOf([aRow({ raw: 'first' }), aRow({ raw: 'second' })])

    assert.deepEqual(rawsOf(store.rows()), ['first', 'second'])
  })

  it('is empty after clear', () => {
    const store = storeOf([aRow()])

    store.clear()

    assert.deepEqual([store.rows(), store.deduplicated(), store.compacted()], [[], [], []])
  })
})

describe('the de-duplicated view', () => {
  it('shows the latest of copies alike in event, distinct id, time and insert id', () => {
    const store = storeOf([aRow({ raw: 'first' }), aRow({ raw: 'second', properties: { a: 1 } })])

    assert.deepEqual(rawsOf(store.deduplicated()), ['second'])
  })

  it('tells copies apart by the distinct id as it was sent when asked to', () => {
    const store = storeOf([aRow({ sentDistinctId: 'phone' }), aRow({ sentDistinctId: 'desk' })])
    const bySent: DedupRule = { ...FAVOURED, dedupDistinctId: 'sent' }

    assert.equal(store.deduplicated().length, 1)
    assert.equal(store.deduplicated(bySent).length, 2)
    assert.equal(store.compacted(bySent).length, 2)
  })

  for (const other of [
    { event: 'login' },
    { distinctId: 'bob' },
    { insertId: 'insert-2' },
    { time: NOW + 1 },
  ]) {
    it(`keeps copies apart that differ in ${Object.keys(other)}`, () => {
      assert.equal(storeOf([aRow(), aRow(other)]).deduplicated().length, 2)
    })
  }
})

describe('the compacted view', () => {
  it('shows the latest of copies alike in event, distinct id, insert id and UTC day', () => {
    const store = storeOf([
      aRow({ raw: 'morning' }),
      aRow({ raw: 'night', time: NOW + DAY_MS - 1 }),
    ])

    assert.deepEqual(rawsOf(store.compacted()), ['night'])
  })

  for (const other of [
    { event: 'logout' },
    { distinctId: 'eve' },
    { insertId: 'insert-3' },
    { time: NOW + DAY_MS },
  ]) {
    it(`keeps copies apart that differ in ${Object.keys(other)}, by a day if in time`, () => {
      assert.equal(storeOf([aRow(), aRow(other)]).compacted().length, 2)
    })
  }
})

function storeOf(rows: readonly Row[]) {
  const store = createRowStore()
  store.add(rows)
  return store
}

/** Its time is midnight, UTC. */
function aRow(row: Partial<Row> = {}): Row {
  return {
    event: 'signup',
    distinctId: 'ada',
    sentDistinctId: 'ada',
    insertId: 'insert-1',
    time: NOW,
    properties: {},
    location: 'none',
    raw: '{}',
    receivedAt: NOW,
    ...row,
  }
}

function rawsOf(rows: readonly Row[]): readonly string[] {
  return rows.map(({ raw }) => raw)
}
