import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { probeInTime, UnresponsiveFolderError } from '../../src/dead-letter/probe-in-time.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

describe('the probe of a dead-letter folder', () => {
  it('gives up when the folder does not answer in time', async () => {
    const clock = createFakeClock()
    const probed = probeInTime({ probe: () => new Promise(() => {}), withinMs: 4_000, clock })
    const rejected = assert.rejects(probed, UnresponsiveFolderError)

    await clock.advance(4_000)

    await rejected
  })

  it('ends with the folder’s own answer, and leaves no timer behind', async () => {
    const clock = createFakeClock()
    const error = new Error('no room')

    await probeInTime({ probe: async () => {}, withinMs: 4_000, clock })
    await assert.rejects(
      probeInTime({ probe: () => Promise.reject(error), withinMs: 4_000, clock }),
      error,
    )

    assert.equal(clock.pending(), 0)
  })
})
