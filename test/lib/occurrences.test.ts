import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createOccurrences } from '../../src/lib/occurrences.ts'

describe('occurrences', () => {
  it('are counted for each text', () => {
    const texts = fc.array(fc.oneof(fc.constantFrom('', 'a', 'b', 'ab', 'ba'), fc.string()), {
      maxLength: 100,
    })

    fc.assert(
      fc.property(texts, (texts) => {
        const occurrences = createOccurrences()
        const counts = new Map<string, number>()

        for (const text of texts) {
          counts.set(text, (counts.get(text) ?? 0) + 1)
          assert.equal(occurrences.next(text), counts.get(text))
        }
      }),
    )
  })

  it('tell many texts apart that look alike', () => {
    const occurrences = createOccurrences()

    const ordinals = Array.from({ length: 50_000 }, (_, n) => occurrences.next(`{"n":${n}}`))

    assert.ok(ordinals.every((ordinal) => ordinal === 1))
    assert.equal(occurrences.next('{"n":49999}'), 2)
    assert.equal(occurrences.next('{"n":0}'), 2)
  })
})
