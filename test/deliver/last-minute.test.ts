import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createLastMinute } from '../../src/deliver/last-minute.ts'

describe('the last minute', () => {
  it('is empty at first', () => {
    assert.equal(createLastMinute(12_345).perSecond(12_345), 0)
  })

  it('remembers a second for sixty', () => {
    const minute = createLastMinute(0)
    minute.add(60, 900)
    minute.add(120, 1_000)

    assert.equal(minute.perSecond(59_999), 3)
    assert.equal(minute.perSecond(60_000), 2)
    assert.equal(minute.perSecond(60_999), 2)
    assert.equal(minute.perSecond(61_000), 0)
  })

  it('forgets everything in a long pause', () => {
    const minute = createLastMinute(0)
    for (let now = 0; now < 60_000; now += 1_000) minute.add(60, now)
    assert.equal(minute.perSecond(59_000), 60)

    minute.add(60, 1e12)

    assert.equal(minute.perSecond(1e12), 1)
  })

  it('holds what a list of all would', () => {
    const entry = fc.record({ afterMs: fc.nat({ max: 30_000 }), amount: fc.nat({ max: 100 }) })
    fc.assert(
      fc.property(fc.nat({ max: 10_000_000 }), fc.array(entry), (startAt, entries) => {
        const minute = createLastMinute(startAt)
        const all: { second: number; amount: number }[] = []
        let now = startAt
        for (const { afterMs, amount } of entries) {
          now += afterMs
          minute.add(amount, now)
          all.push({ second: Math.floor(now / 1_000), amount })
          const recent = all.filter(({ second }) => second > Math.floor(now / 1_000) - 60)
          const total = recent.reduce((sum, one) => sum + one.amount, 0)
          assert.equal(minute.perSecond(now), total / 60)
        }
      }),
    )
  })
})
