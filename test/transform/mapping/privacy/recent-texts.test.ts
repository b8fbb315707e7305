import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRecentTexts } from '../../../../src/transform/mapping/privacy/recent-texts.ts'

const MAX_BYTES = 2_200

/** Returns which of these texts are known after all were remembered. Each counts as 220 bytes. */
function knownOf(count: number): number[] {
  const all = Array.from({ length: count }, (_, at) => at)
  return all.filter((sought) => {
    const recent = createRecentTexts<number>(MAX_BYTES)
    for (const at of all) recent.remember(`text-${String(at).padStart(5, '0')}`, at)
    return recent.recall(`text-${String(sought).padStart(5, '0')}`) === sought
  })
}

describe('the memory of recent texts', () => {
  it('knows nothing at first, and then what it was told', () => {
    const recent = createRecentTexts<string>(10_000)

    assert.equal(recent.recall('a'), undefined)
    recent.remember('a', 'one')
    recent.remember('\ud800 ü', 'two')

    assert.deepEqual([recent.recall('a'), recent.recall('\ud800 ü')], ['one', 'two'])
    assert.equal(recent.recall('b'), undefined)
  })

  it('knows the latest half of its bytes at least, and all of its bytes at most', () => {
    assert.deepEqual(knownOf(10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert.deepEqual(knownOf(11), [5, 6, 7, 8, 9, 10])
    assert.deepEqual(knownOf(15), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
    assert.deepEqual(knownOf(16), [10, 11, 12, 13, 14, 15])
  })

  it('counts long texts by their length', () => {
    const recent = createRecentTexts<number>(10_000)

    for (let at = 0; at < 10; at += 1) recent.remember(`${at}${'x'.repeat(3_000)}`, at)

    assert.equal(recent.recall(`9${'x'.repeat(3_000)}`), 9)
    assert.equal(recent.recall(`7${'x'.repeat(3_000)}`), undefined)
  })

  it('keeps a text that is recalled again and again', () => {
    const recent = createRecentTexts<number>(MAX_BYTES)
    recent.remember('often', -1)

    for (let at = 0; at < 100; at += 1) {
      recent.remember(`text-${at}`, at)
      assert.equal(recent.recall('often'), -1)
    }
  })
})
