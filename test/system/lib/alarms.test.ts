import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAlarms } from '../../../src/lib/alarms.ts'
import { collectGarbage } from '../../helpers/collect-garbage.ts'
import { createFakeClock } from '../../helpers/fake-clock.ts'

describe('the memory of alarms', () => {
  it('is next to nothing for thousands that were cancelled behind a long wait', async () => {
    const { alarms, clock, rung } = aScene()
    alarms.set(1_000, () => rung.push(`at ${clock.monotonic()}`))
    const heldNow = heldFromNow()

    for (let n = 0; n < 200_000; n++) {
      alarms.cancel(alarms.set(2_000, () => rung.push('cancelled')))
    }

    assert.ok(heldNow() < 4e6)
    await clock.advance(3_000)
    assert.deepEqual(rung, ['at 1000'])
  })

  it('is next to nothing for thousands that have rung while another waits', async () => {
    const { alarms, clock, rung } = aScene()
    alarms.set(1_000, () => rung.push(`at ${clock.monotonic()}`))
    const heldNow = heldFromNow()
    let others = 0

    for (let n = 0; n < 200_000; n++) {
      alarms.set(10, () => {
        others += 1
      })
    }
    await clock.advance(10)

    assert.ok(heldNow() < 4e6)
    assert.equal(others, 200_000)
    await clock.advance(990)
    assert.deepEqual(rung, ['at 1000'])
  })
})

function aScene() {
  const clock = createFakeClock()
  const rung: string[] = []
  return { alarms: createAlarms(clock), clock, rung }
}

/** Returns a function that measures the memory that was taken since this call. */
function heldFromNow(): () => number {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  return () => {
    collectGarbage()
    return process.memoryUsage().heapUsed - before
  }
}
