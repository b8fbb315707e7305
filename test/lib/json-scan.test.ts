import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isNestedDeeperThan } from '../../src/lib/json-scan.ts'

describe('isNestedDeeperThan', () => {
  it('counts the levels of arrays and objects', () => {
    assert.equal(isNestedDeeperThan(3, '[{"a":[]},[[]]]'), false)
    assert.equal(isNestedDeeperThan(2, '[{"a":[]},[[]]]'), true)
  })

  it('counts no bracket inside a string', () => {
    assert.equal(isNestedDeeperThan(1, '["[[[\\"[[[", "{{{"]'), false)
  })

  it('comes to an end on any text', () => {
    const text = fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', 'x') })

    fc.assert(
      fc.property(text, (broken) => {
        assert.equal(isNestedDeeperThan(broken.length, broken), false)
      }),
    )
  })
})
