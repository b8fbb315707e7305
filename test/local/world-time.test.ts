import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createWorldTime } from '../../src/local/world-time.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const START = Date.UTC(2026, 0, 1)

function wallAt(startAt: number) {
  const { now, monotonic: elapsed, after, advance } = createFakeClock(startAt)
  return { now, elapsed, after, advance }
}

describe('the time of the world', () => {
  it('is the time of the wall unless told otherwise', async () => {
    const wall = wallAt(START)
    const time = createWorldTime({}, wall)

    await wall.advance(1_234)

    assert.equal(time.now(), START + 1_234)
  })

  it('starts when it is told to, and flows so many times as fast', async () => {
    const wall = wallAt(START)
    const time = createWorldTime({ speed: 60, startAt: 7 }, wall)

    await wall.advance(1_000)

    assert.equal(time.now(), 7 + 60_000)
  })

  it('waits in milliseconds of the world', async () => {
    const wall = wallAt(START)
    const time = createWorldTime({ speed: 100 }, wall)
    const done: string[] = []
    const waited = time.wait(5_000).then(() => done.push('waited'))
    time.after(5_001, () => done.push('ran'))

    await wall.advance(49)
    assert.deepEqual(done, [])
    await wall.advance(1)
    assert.deepEqual(done, ['waited'])
    await wall.advance(1)

    assert.deepEqual(done, ['waited', 'ran'])
    await waited
  })

  it('calls a task off', async () => {
    const wall = wallAt(START)
    const time = createWorldTime({ speed: 100 }, wall)
    const ran: number[] = []
    const cancel = time.after(100, () => ran.push(time.now()))

    cancel()
    await wall.advance(1_000)

    assert.deepEqual(ran, [])
  })
})
