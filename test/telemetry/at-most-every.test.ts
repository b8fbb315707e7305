import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAtMostEvery } from '../../src/telemetry/at-most-every.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

describe('createAtMostEvery', () => {
  it('lets a key through when it first comes up', () => {
    const countToReport = createAtMostEvery(60_000, createFakeClock())

    assert.equal(countToReport('a'), 1)
  })

  it('holds a key back until its time has passed, then tells how often it came up', async () => {
    const clock = createFakeClock()
    const countToReport = createAtMostEvery(60_000, clock)
    countToReport('a')

    await clock.advance(59_999)
    assert.equal(countToReport('a'), 0)
    assert.equal(countToReport('a'), 0)

    await clock.advance(1)
    assert.equal(countToReport('a'), 3)
    assert.equal(countToReport('a'), 0)
  })

  it('counts anew from each time it lets a key through', async () => {
    const clock = createFakeClock()
    const countToReport = createAtMostEvery(60_000, clock)
    countToReport('a')
    countToReport('a')
    await clock.advance(60_000)
    countToReport('a')
    await clock.advance(60_000)

    assert.equal(countToReport('a'), 1)
  })

  it('keeps keys apart', () => {
    const countToReport = createAtMostEvery(60_000, createFakeClock())
    countToReport('a')

    assert.equal(countToReport('b'), 1)
    assert.equal(countToReport('a'), 0)
  })
})
