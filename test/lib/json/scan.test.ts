import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { findExcess } from '../../../src/lib/json/scan.ts'

const MOST = { depth: 3, parts: 100 }

describe('the excess of a text', () => {
  it('is its depth, when arrays and objects nest deeper than they may', () => {
    assert.equal(findExcess('[{"a":[]},[[]]]', MOST), undefined)
    assert.equal(findExcess('[{"a":[]},[[[]]]]', MOST), 'depth')
  })

  for (const [what, part] of Object.entries({
    arrays: '[],',
    'unclosed arrays': '[]',
    objects: '{}:',
    numbers: '1,',
    members: '"a":1,',
    'empty strings': '""',
    commas: ',',
  })) {
    it(`is its parts, when there are more ${what} than there may be`, () => {
      assert.equal(findExcess(`[${part.repeat(101)}`, MOST), 'parts')
    })
  }

  it('is none of what stands in a string', () => {
    for (const text of ['"[[[[,,,,"', '"\\"[[[["', '"\\\\\\"[[[["', `"${'\\",'.repeat(1_000)}"`]) {
      assert.equal(findExcess(text, MOST), undefined, text)
    }
    assert.equal(findExcess('"\\\\"[[[["', MOST), 'depth')
  })

  it('is found on any text, as JSON.parse sees it', () => {
    const value = fc.jsonValue({ maxDepth: 5 })

    fc.assert(
      fc.property(value, fc.nat({ max: 6 }), (json, depth) => {
        const isDeeper = depthOf(json) > depth

        assert.equal(
          findExcess(JSON.stringify(json), { depth, parts: Number.POSITIVE_INFINITY }),
          isDeeper ? 'depth' : undefined,
        )
      }),
    )
  })

  it('comes to an end on any text', () => {
    const text = fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', 'x') })

    fc.assert(
      fc.property(text, (broken) => {
        const most = { depth: broken.length, parts: broken.length }
        assert.equal(findExcess(broken, most), undefined)
      }),
    )
  })
})

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}
