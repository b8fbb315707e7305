import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createInflate } from '../../src/decode/inflate.ts'
import { isGzip } from '../../src/decode/read-text.ts'
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
    budget.openMessage(),
    () => true,
  )
  return { kind, held: budget.held() }
}

describe('inflated bytes', () => {
  it('are counted, as many as there are, until they are decoded', async () => {
    assert.deepEqual(await inflateAndHold(LARGE), { kind: 'inflated', held: MIB })
  })

  it('are counted, all of them, when the trailer tells the last member’s size only', async () => {
    const members = Buffer.concat([LARGE, LARGE])

    assert.deepEqual(await inflateAndHold(members), { kind: 'inflated', held: 2 * MIB })
  })

  it('are made of what is read when the turn has come, for who waits holds nothing', async () => {
    const messageBytes = createByteBudget(64 * MIB).openMessage()
    const turn = Promise.withResolvers<boolean>()
    const waiting = {
      commit: (bytes: number) => messageBytes.commit(bytes),
      cancel: () => messageBytes.cancel(),
      reserve: () => turn.promise,
    }
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
    it(`that came to nothing leave the messageBytes: ${what}`, async () => {
      assert.deepEqual(await inflateAndHold(compressed, maxBytes), { kind: what, held: 0 })
    })
  }
})

describe('the bytes that are reserved for gzip', () => {
  const KIB = 1024
  const twoMembers = twice(LARGE)
  for (const [what, compressed, expected] of [
    ['are none, when its trailer says 256 KiB', gzipOf(256 * KIB), []],
    ['are what its trailer says, when that is more', gzipOf(256 * KIB + 1), [256 * KIB + 1]],
    ['are none, when it has 32 KiB', storedGzip(32 * KIB), []],
    ['are what its trailer says, when it has more', storedGzip(32 * KIB + 1), [32 * KIB - 22]],
    ['are the most there may be, when its trailer says too little', twoMembers, [MIB, 4 * MIB]],
    [
      'are the most there may be, when it is small, and not what it inflates to',
      withTrailer(gzipOf(MIB), 10),
      [4 * MIB],
    ],
    [
      'are the most there may be, when its last member is empty',
      Buffer.concat([storedGzip(40 * KIB), gzipOf(0)]),
      [4 * MIB],
    ],
    [
      'are the most there may be, when its trailer says more',
      withTrailer(storedGzip(40 * KIB), 4 * MIB + 1),
      [4 * MIB],
    ],
    [
      'are the most there may be, once, when its trailer says that',
      twice(gzipOf(4 * MIB)),
      [4 * MIB],
    ],
    [
      'are what its trailer says, when bytes so few may just inflate to it',
      withTrailer(storedGzip(1_000), 1_032_000),
      [1_032_000],
    ],
    [
      'are the most there may be, when no bytes so few inflate to what its trailer says',
      withTrailer(storedGzip(1_000), 1_032_001),
      [4 * MIB],
    ],
  ] as const) {
    it(what, async () => {
      const reserved: number[] = []
      const messageBytes = {
        commit: () => {},
        cancel: () => {},
        reserve: async (bytes: number) => {
          reserved.push(bytes)
          return true
        },
      }

      await createInflate(4 * MIB)(
        compressed,
        () => compressed,
        messageBytes,
        () => true,
      )

      assert.deepEqual(reserved, expected)
    })
  }

  it('are none for a small one, when no more may be inflated than is at once', () => {
    const messageBytes = createByteBudget(MIB).openMessage()
    const inflated = createInflate(99)(
      gzipOf(100),
      () => gzipOf(100),
      messageBytes,
      () => true,
    )

    assert.deepEqual(inflated, { kind: 'too_large' })
  })
})

it('an error of zlib that says nothing of the bytes is thrown', async () => {
  const gzip = withTrailer(storedGzip(40_000), 0)
  const messageBytes = { commit: () => {}, cancel: () => {}, reserve: async () => true }
  const inflated = createInflate(Number.MAX_SAFE_INTEGER)(
    gzip,
    () => gzip,
    messageBytes,
    () => true,
  )

  await assert.rejects(async () => inflated, { code: 'ERR_OUT_OF_RANGE' })
})

describe('the chunk that inflated bytes lie in', () => {
  for (const [what, compressed, maxBytes, chunkBytes] of [
    ['has some room to spare', LARGE, 4 * MIB, MIB + 64],
    ['is given back, when less than half of it is filled', twice(LARGE), 4 * MIB, 2 * MIB],
    ['is kept, when half of it is filled', twice(LARGE), 4 * MIB - 64, 4 * MIB],
  ] as const) {
    it(what, async () => {
      const messageBytes = createByteBudget(64 * MIB).openMessage()

      const inflated = await createInflate(maxBytes)(
        compressed,
        () => compressed,
        messageBytes,
        () => true,
      )

      assert.equal(inflated.kind === 'inflated' && inflated.bytes.buffer.byteLength, chunkBytes)
    })
  }
})

describe('gzip', () => {
  for (const [bytes, is] of [
    [[0x1f, 0x8b, 8], true],
    [[0x1f, 0x8c], false],
    [[0x1e, 0x8b], false],
    [[0x1f], false],
  ] as const) {
    it(`${is ? 'begins' : 'does not begin'} with ${bytes}`, () => {
      assert.equal(isGzip(Buffer.from(bytes)), is)
    })
  }
})

function gzipOf(bytes: number): Buffer {
  return gzipSync(Buffer.alloc(bytes, 'x'))
}

/** Gzip of this length that saves nothing: all of its bytes but 23 are data. */
function storedGzip(bytes: number): Buffer {
  return gzipSync(Buffer.alloc(bytes - 23, 'x'), { level: 0 })
}

function withTrailer(gzip: Buffer, size: number): Buffer {
  const changed = Buffer.from(gzip)
  changed.writeUInt32LE(size, gzip.length - 4)
  return changed
}

function twice(gzip: Buffer): Buffer {
  return Buffer.concat([gzip, gzip])
}
