import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  footprintOf,
  ONLY_ITEM_BYTES,
  ONLY_ITEM_COPIES,
  sizeOf,
  tightFootprintOf,
} from '../../src/decode/footprint.ts'

const MIB = 1024 * 1024
const SHORT = { bytes: 100, controls: 0 }

describe('the memory of a text and its events', () => {
  it('is the text thrice, and 752 bytes for each event', () => {
    assert.equal(footprintOf(1_000, { items: 10, longest: SHORT }), 3_000 + 7_520)
  })

  it('is the same by the short way for a text with one item that is not large', () => {
    for (const bytes of [0, 1, 1_000, 20 * 1024, MIB - 1]) {
      const known = footprintOf(bytes, { items: 1, longest: { bytes, controls: 0 } })

      assert.equal(ONLY_ITEM_BYTES + ONLY_ITEM_COPIES * bytes, known)
    }
  })

  it('is that of one event under way at least', () => {
    assert.equal(footprintOf(10, { items: 0, longest: { bytes: 0, controls: 0 } }), 30 + 700)
  })

  it('is no more than 24 MiB beside the text, but for what stays of each event', () => {
    const bytes = 100 * MIB

    assert.equal(footprintOf(bytes, { items: 1e6, longest: SHORT }), bytes + 24 * MIB + 52e6)
  })

  it('holds the letter of an item of a mebibyte or more, and of none that is shorter', () => {
    const weigh = (bytes: number, controls: number) =>
      footprintOf(10 * MIB, { items: 1, longest: { bytes, controls } }) -
      footprintOf(10 * MIB, { items: 1, longest: SHORT })

    assert.equal(weigh(MIB - 1, 1_000), 0)
    assert.equal(weigh(MIB, 0), 6 * MIB)
    assert.equal(weigh(MIB, 1_000), 6 * MIB + 12_000)
  })

  it('holds no control characters, and no item longer than is parsed, when it is tight', () => {
    const weigh = (bytes: number) =>
      tightFootprintOf(10 * MIB, { items: 1, longest: { bytes, controls: bytes } })

    assert.equal(weigh(2 * MIB) - weigh(MIB), 6 * MIB)
    assert.equal(weigh(9 * MIB) - weigh(4 * MIB), 0)
  })
})

describe('the size of an item', () => {
  const text = Buffer.concat([
    Buffer.alloc(5, 0x1f),
    Buffer.alloc(MIB - 2, ' '),
    Buffer.alloc(2, 0x1f),
    Buffer.alloc(5, 0x00),
  ])

  it('counts the control characters of a long one, from its start to its end', () => {
    assert.deepEqual(sizeOf(text, 5, 5 + MIB), { bytes: MIB, controls: 2 })
  })

  it('counts none of a common one', () => {
    assert.deepEqual(sizeOf(text, 6, 5 + MIB), { bytes: MIB - 1, controls: 0 })
  })

  it('takes a very long one for control characters', () => {
    const most = Buffer.alloc(16 * MIB + 3, ' ')

    assert.deepEqual(sizeOf(most, 2, 16 * MIB + 2), { bytes: 16 * MIB, controls: 0 })
    assert.deepEqual(sizeOf(most, 2, 16 * MIB + 3), {
      bytes: 16 * MIB + 1,
      controls: 16 * MIB + 1,
    })
  })
})
