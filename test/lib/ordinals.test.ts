import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createOrdinals } from '../../src/lib/ordinals.ts'

describe('the ordinal of a line', () => {
  it('counts the lines before it that are equal to it', () => {
    const texts = fc.array(fc.oneof(fc.constantFrom('', 'a', 'b', 'ab', 'ba'), fc.string()), {
      maxLength: 100,
    })

    fc.assert(
      fc.property(texts, (texts) => {
        const ordinalOf = createOrdinals()
        const counts = new Map<string, number>()

        for (const [index, text] of texts.entries()) {
          counts.set(text, (counts.get(text) ?? 0) + 1)
          assert.equal(ordinalOf(text, index + 1), counts.get(text))
        }
      }),
    )
  })

  it('is one for all children of the line', () => {
    const ordinalOf = createOrdinals()

    assert.deepEqual([ordinalOf('a', 1), ordinalOf('a', 1), ordinalOf('a', 2)], [1, 1, 2])
  })

  it('tells many lines apart that look alike', () => {
    const ordinalOf = createOrdinals()

    const ordinals = Array.from({ length: 50_000 }, (_, n) => ordinalOf(`{"n":${n}}`, n + 1))

    assert.ok(ordinals.every((ordinal) => ordinal === 1))
    assert.equal(ordinalOf('{"n":49999}', 50_001), 2)
    assert.equal(ordinalOf('{"n":0}', 50_002), 2)
  })
})
