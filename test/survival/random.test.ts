import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRandom, type Random } from '../../bench/survival/random.ts'

const COUNT = 1_000

describe('chance that a seed decides', () => {
  it('is the same sequence for the same seed, and another for another', () => {
    assert.deepEqual(drawn(createRandom(7)), drawn(createRandom(7)))
    assert.notDeepEqual(drawn(createRandom(7)), drawn(createRandom(8)))
  })

  it('is not moved by what is drawn from a fork', () => {
    const [one, other] = [createRandom(7), createRandom(7)]
    const fork = one.fork()
    drawn(fork)
    other.fork()

    assert.deepEqual(drawn(one), drawn(other))
  })

  it('stays within its bounds and reaches all of them', () => {
    const random = createRandom(7)
    const ints = new Set(Array.from({ length: COUNT }, () => random.int(4)))

    assert.deepEqual([...ints].sort(), [0, 1, 2, 3])
    assert.ok(drawn(random).every((next) => next >= 0 && next < 1))
    assert.ok(['a', 'b'].includes(random.pick(['a', 'b'])))
  })

  it('has nothing to pick from an empty list', () => {
    assert.throws(() => createRandom(7).pick([]), /nothing to pick from/)
  })
})

function drawn(random: Random): readonly number[] {
  return Array.from({ length: COUNT }, random.next)
}
