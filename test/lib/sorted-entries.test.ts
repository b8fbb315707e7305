import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sortedEntries } from '../../src/lib/sorted-entries.ts'

it('sorted entries are the same for equal records, however ordered', () => {
  const entries = [
    ['1', 'x'],
    ['a', 'b,c'],
    ['a,b', 'c'],
  ]

  assert.deepEqual(sortedEntries({ 'a,b': 'c', a: 'b,c', 1: 'x' }), entries)
  assert.deepEqual(sortedEntries({ a: 'b,c', 1: 'x', 'a,b': 'c' }), entries)
})
