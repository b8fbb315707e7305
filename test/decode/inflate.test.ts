import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createInflate } from '../../src/decode/inflate.ts'
import { createByteBudget } from '../../src/lib/byte-budget.ts'

const MIB = 1024 * 1024
/** Too large to be inflated at once. */
const LARGE = gzipSync(Buffer.alloc(MIB, 'x'))

/** Inflates, and says what is held afterwards. */
async function inflateAndHold(compressed: Buffer, maxBytes = 4 * MIB) {
  const budget = createByteBudget(64 * MIB)
  const inflate = createInflate(maxBytes)
  const { kind } = await inflate(
    compressed,
    () => compressed,
    budget.open(),
    () => true,
  )
  return { kind, held: budget.held() }
}

describe('inflated bytes', () => {
  it('stay in the hold, as many as there are, until they are decoded', async () => {
    assert.deepEqual(await inflateAndHold(LARGE), { kind: 'inflated', held: MIB })
  })

  it('stay in the hold, all of them, when the trailer tells the last member’s size only', async () => {
    const members = Buffer.concat([LARGE, LARGE])

    assert.deepEqual(await inflateAndHold(members), { kind: 'inflated', held: 2 * MIB })
  })

  it('are made of what is read when the turn has come, for who waits holds nothing', async () => {
    const hold = createByteBudget(64 * MIB).open()
    const turn = Promise.withResolvers<boolean>()
    const waiting = { keep: hold.keep, reserve: () => turn.promise }
    let readings = 0
    const readAgain = () => {
      readings += 1
      return LARGE
    }

    const inflated = createInflate(4 * MIB)(LARGE, readAgain, waiting, () => true)
    assert.equal(readings, 0)
    turn.resolve(true)

    assert.equal((await inflated).kind, 'inflated')
    assert.equal(readings, 1)
  })

  for (const [what, compressed, maxBytes] of [
    ['too_large', LARGE, MIB - 1],
    ['corrupt', LARGE.subarray(0, -9), 4 * MIB],
  ] as const) {
    it(`that came to nothing leave the hold: ${what}`, async () => {
      assert.deepEqual(await inflateAndHold(compressed, maxBytes), { kind: what, held: 0 })
    })
  }
})
