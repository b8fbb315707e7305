import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createDeck } from '../../bench/survival/deck.ts'
import { createRandom } from '../../bench/survival/random.ts'

const WEIGHTS = new Map([
  ['often', 20],
  ['seldom', 1],
  ['once', 0],
])

describe('a deck', () => {
  it('deals each name once before any comes again', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const deck = createDeck(WEIGHTS, createRandom(seed))
      const firsts = Array.from({ length: WEIGHTS.size }, deck.draw)
      assert.deepEqual(firsts.sort(), ['often', 'once', 'seldom'])
    }
  })

  it('deals in another order for another seed', () => {
    const first = (seed: number) => createDeck(WEIGHTS, createRandom(seed)).draw()
    const firsts = Array.from({ length: 50 }, (_, seed) => first(seed))

    assert.deepEqual([...new Set(firsts)].sort(), ['often', 'once', 'seldom'])
  })

  it('deals by weight from then on', () => {
    const deck = createDeck(WEIGHTS, createRandom(7))
    for (const _ of WEIGHTS) deck.draw()
    const dealt = Array.from({ length: 1_000 }, deck.draw)

    const count = (name: string) => dealt.filter((one) => one === name).length
    assert.equal(count('once'), 0)
    assert.ok(count('seldom') > 0)
    assert.ok(count('often') > 5 * count('seldom'))
  })
})
