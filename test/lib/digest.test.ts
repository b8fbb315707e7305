import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hashId } from '../../src/lib/digest.ts'

describe('hashId', () => {
  it('makes 36 hexadecimal digits, the same at each call and in each version', () => {
    assert.equal(hashId(['message', '42', 1]), '83152ecec828f1914bb6ab8991ca55fb6fb4')
  })

  it('tells parts apart that read alike when joined', () => {
    const ids = [['ab'], ['a', 'b'], ['a,b'], ['a', '', 'b'], ['1'], [1], ['a"', 'b'], ['a', '"b']]

    assert.equal(new Set(ids.map(hashId)).size, ids.length)
  })
})
