import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cutToBytes } from '../../src/lib/cut-to-bytes.ts'
import { anyText } from '../helpers/any-text.ts'

describe('a text cut to bytes', () => {
  for (const [text, bytes, left] of [
    ['abc', 3, 'abc'],
    ['abc', 2, 'ab'],
    ['aé', 2, 'a'],
    ['a€b', 3, 'a'],
    ['a€b', 4, 'a€'],
    ['😀', 3, ''],
    ['😀', 4, '😀'],
    ['', 0, ''],
  ] as const) {
    it(`is ${JSON.stringify(left)} of ${JSON.stringify(text)} at ${bytes}`, () => {
      assert.equal(cutToBytes(text, bytes), left)
    })
  }

  it('is the longest beginning that fits, and cuts no character', () => {
    fc.assert(
      fc.property(anyText(), fc.nat(40), (text, maxBytes) => {
        const cut = cutToBytes(text, maxBytes)

        assert.ok(text.startsWith(cut))
        assert.ok(Buffer.byteLength(cut) <= maxBytes)
        const [next = ''] = text.slice(cut.length)
        assert.ok(next === '' || Buffer.byteLength(cut + next) > maxBytes)
      }),
    )
  })
})
