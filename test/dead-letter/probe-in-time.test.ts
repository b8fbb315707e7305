import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { probeInTime, UnresponsiveFolderError } from '../../src/dead-letter/probe-in-time.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

describe('the probe of a dead-letter folder', () => {
  it('gives up within five seconds when the folder does not answer', async () => {
    const clock = createFakeClock()
    const probed = probeInTime(() => new Promise(() => {}), clock)
    const rejected = assert.rejects(probed, UnresponsiveFolderError)

    await clock.advance(5_000)

    await rejected
  })

  it('ends with the folder’s own answer, and leaves no timer behind', async () => {
    const clock = createFakeClock()
    const error = new Error('no room')

    await probeInTime(async () => {}, clock)
    await assert.rejects(
      probeInTime(() => Promise.reject(error), clock),
      error,
    )

    assert.equal(clock.pending(), 0)
  })
})
