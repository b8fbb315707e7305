import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { probeInTime, UnresponsiveFolderError } from '../../src/dead-letter/probe-in-time.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

describe('the probe of a dead-letter folder', () => {
  it('gives up when the folder does not answer in time', async () => {
    const clock = createFakeClock()
    const probed = probeInTime({ probe: () => new Promise(() => {}), withinMs: 4_000, clock })
    const rejected = assert.rejects(probed, (error) => {
      assert.ok(error instanceof UnresponsiveFolderError)
      assert.deepEqual([error.name, error.code], ['UnresponsiveFolderError', 'TIMED_OUT'])
      assert.match(error.message, /^DEAD_LETTER=file: .* does not answer within 4 seconds: look at/)
      return true
    })

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
