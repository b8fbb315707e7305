import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { grows, type MemoryOfMinute } from '../../bench/speed/growth.ts'

/** Minutes of which each has this heap, and 10 MiB of Buffers. */
function minutesOf(...heaps: readonly number[]): readonly MemoryOfMinute[] {
  return heaps.map((heapMiB) => ({ rssMiB: 200, heapMiB, externalMiB: 10, failed: 0 }))
}

describe('the memory of a steady load', () => {
  for (const [what, heaps, expected] of [
    ['stays', [30, 31, 32, 31, 32, 31, 30, 31, 32, 31], false],
    ['fills in the first minutes', [20, 30, 40, 40, 41, 40, 41, 40, 40, 41], false],
    ['has one high minute', [30, 31, 32, 31, 32, 31, 30, 31, 60, 31], false],
    ['grows by a MiB a minute', [30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41], true],
  ] as const) {
    it(`that ${what} ${expected ? 'grows' : 'does not grow'}`, () => {
      assert.equal(grows(minutesOf(...heaps)), expected)
    })
  }

  it('grows in its Buffers, too', () => {
    const minutes = minutesOf(...Array(10).fill(30)).map((minute, at) => {
      return { ...minute, externalMiB: 10 + 2 * at }
    })

    assert.equal(grows(minutes), true)
  })
})
