import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createOrdinals } from '../../src/lib/ordinals.ts'

describe('the ordinal of a text', () => {
  it('counts the texts before it that are equal to it', () => {
    const texts = fc.array(fc.oneof(fc.constantFrom('', 'a', 'b', 'ab', 'ba'), fc.string()), {
      maxLength: 100,
    })

    fc.assert(
      fc.property(texts, (texts) => {
        const nextOrdinal = createOrdinals()
        const counts = new Map<string, number>()

        for (const text of texts) {
          counts.set(text, (counts.get(text) ?? 0) + 1)
          assert.equal(nextOrdinal(text), counts.get(text))
        }
      }),
    )
  })

  it('tells many texts apart that look alike', () => {
    const nextOrdinal = createOrdinals()

    const ordinals = Array.from({ length: 50_000 }, (_, n) => nextOrdinal(`{"n":${n}}`))

    assert.ok(ordinals.every((ordinal) => ordinal === 1))
    assert.equal(nextOrdinal('{"n":49999}'), 2)
    assert.equal(nextOrdinal('{"n":0}'), 2)
  })
})
