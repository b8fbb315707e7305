import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Alarms, createAlarms } from '../../src/lib/alarms.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { collectGarbage } from '../helpers/collect-garbage.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

/** Alarms that note when they ring. */
function aBoard(clock: Clock = createFakeClock()) {
  const rung: string[] = []
  const alarms = createAlarms(clock)
  const set = (at: number, name = `${at}`) => {
    const alarm = alarms.set(at, () => rung.push(`${name} at ${clock.monotonic()}`))
    return { cancel: () => alarms.cancel(alarm) }
  }
  return { alarms, rung, set }
}

describe('createAlarms', () => {
  it('rings each alarm at its time, once, whatever the order they were set in', async () => {
    const clock = createFakeClock()
    const { rung, set } = aBoard(clock)
    set(30, 'last')
    set(10, 'first')
    set(20, 'third')
    set(10, 'second')

    await clock.advance(100)

    assert.deepEqual(rung, ['first at 10', 'second at 10', 'third at 20', 'last at 30'])
  })

  it('rings an alarm at once that is past due', async () => {
    const clock = createFakeClock()
    const { rung, set } = aBoard(clock)
    await clock.advance(50)
    set(10)

    await clock.advance(0)

    assert.deepEqual(rung, ['10 at 50'])
  })

  it('rings an alarm at once that is due before all that have rung', async () => {
    const clock = createFakeClock()
    const { rung, set } = aBoard(clock)
    for (const at of [10, 20, 30, 40]) set(at)
    await clock.advance(20)

    set(5)
    await clock.advance(0)

    assert.deepEqual(rung, ['10 at 10', '20 at 20', '5 at 20'])
  })

  it('cancels no other alarm when one is cancelled twice', async () => {
    const clock = createFakeClock()
    const { rung, set } = aBoard(clock)
    const alarm = set(10)
    set(20)

    alarm.cancel()
    alarm.cancel()
    await clock.advance(20)

    assert.deepEqual(rung, ['20 at 20'])
  })

  it('rings no alarm that was cancelled, first or last', async () => {
    const clock = createFakeClock()
    const { rung, set } = aBoard(clock)
    const first = set(10)
    set(20)
    const last = set(30)

    first.cancel()
    last.cancel()
    await clock.advance(100)

    assert.deepEqual(rung, ['20 at 20'])
  })

  it('has one timer for all, and none when no alarm is left', async () => {
    const clock = createFakeClock()
    const { set } = aBoard(clock)
    const later = set(20)
    const sooner = set(10)
    assert.equal(clock.pending(), 1)

    later.cancel()
    sooner.cancel()

    assert.equal(clock.pending(), 0)
  })

  it('sets no timer for an alarm that is not due before the others, nor for a cancelled one', async () => {
    const clock = createFakeClock()
    let timers = 0
    const { rung, set } = aBoard({
      ...clock,
      after(ms, task) {
        timers += 1
        return clock.after(ms, task)
      },
    })
    for (const at of [10, 10, 30, 30, 30, 30]) set(at)
    set(20).cancel()
    assert.equal(timers, 1)

    await clock.advance(30)

    assert.equal(rung.length, 6)
    assert.equal(timers, 2)
  })

  it('lets a task set and cancel alarms', async () => {
    const clock = createFakeClock()
    const { alarms, rung, set } = aBoard(clock)
    const later = set(30)
    alarms.set(10, () => {
      set(15)
      later.cancel()
    })
    set(10)

    await clock.advance(100)

    assert.deepEqual(rung, ['10 at 10', '15 at 15'])
  })

  it('ignores a cancel after the alarm has rung', async () => {
    const clock = createFakeClock()
    const { rung, set } = aBoard(clock)
    const alarm = set(10)
    await clock.advance(10)

    alarm.cancel()
    set(20)
    await clock.advance(10)

    assert.deepEqual(rung, ['10 at 10', '20 at 20'])
  })

  it('moves alarms that are due later to an instant, and no earlier or newer ones', async () => {
    const clock = createFakeClock()
    const { alarms, rung, set } = aBoard(clock)
    for (const at of [10, 60, 90]) set(at)

    alarms.pullTo(50)
    set(70)
    await clock.advance(100)

    assert.deepEqual(rung, ['10 at 10', '60 at 50', '90 at 50', '70 at 70'])
  })

  it('rings on time when its timer fires too early', async () => {
    const clock = createFakeClock()
    const hasty = { ...clock, after: (ms: number, task: () => void) => clock.after(ms * 0.9, task) }
    const { rung, set } = aBoard(hasty)
    set(1_000, 'x')

    await clock.advance(999)
    assert.deepEqual(rung, [])

    await clock.advance(1)
    assert.equal(rung.length, 1)
  })

  it('rings each of thousands', async () => {
    const clock = createFakeClock()
    const { rung, set } = aBoard(clock)
    for (let n = 0; n < 3_000; n++) set(10)
    for (let n = 0; n < 1_000; n++) set(20)

    await clock.advance(10)
    for (let n = 0; n < 1_000; n++) set(20)
    await clock.advance(10)

    assert.equal(rung.filter((ring) => ring === '10 at 10').length, 3_000)
    assert.equal(rung.filter((ring) => ring === '20 at 20').length, 2_000)
  })

  it('keeps no task that has run or was cancelled', async () => {
    const clock = createFakeClock()
    const { alarms } = aBoard(clock)
    const setWatched = (at: number) => {
      const task = () => {}
      const reference = new WeakRef(task)
      const alarm = alarms.set(at, task)
      return { cancel: () => alarms.cancel(alarm), isAlive: () => reference.deref() !== undefined }
    }
    const watched = [10, 30, 40].map(setWatched)
    watched[2]?.cancel()
    await clock.advance(20)

    collectGarbage()

    assert.deepEqual(
      watched.map(({ isAlive }) => isAlive()),
      [false, true, false],
    )
  })

  it('rings alarms on time that were set among thousands that were cancelled', async () => {
    const clock = createFakeClock()
    const { rung, set } = aBoard(clock)
    const cancelled = Array.from({ length: 6_000 }, (_, n) => {
      if (n % 3_000 === 0) set(n)
      return set(n)
    })
    set(2_999, 'last but one')

    for (const { cancel } of cancelled) cancel()
    set(1_000)
    await clock.advance(6_000)

    assert.deepEqual(rung, ['0 at 0', '1000 at 1000', 'last but one at 2999', '3000 at 3000'])
  })

  it('rings the remaining alarms on time, whatever is set, cancelled and moved', async () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom('set', 'cancel', 'wait', 'pull'), fc.nat({ max: 50 })),
    )
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const clock = createFakeClock()
        const { alarms } = aBoard(clock)
        let expected: { at: number; rungAt?: number; cancel: () => void }[] = []
        for (const [kind, ms] of script) {
          const at = clock.monotonic() + ms
          if (kind === 'wait') await clock.advance(ms)
          if (kind === 'set') expected.push(setNoting(alarms, at, clock))
          if (kind === 'pull') {
            alarms.pullTo(at)
            for (const alarm of expected) alarm.at = Math.min(alarm.at, at)
          }
          if (kind === 'cancel') {
            expected[ms]?.cancel()
            expected = expected.filter((_, index) => index !== ms)
          }
        }
        await clock.advance(50)

        for (const { at, rungAt } of expected) assert.equal(rungAt, at)
        assert.equal(clock.pending(), 0)
      }),
      { numRuns: 60 },
    )
  })
})

/** An alarm that notes when it rings. */
function setNoting(alarms: Alarms, at: number, clock: Clock) {
  const noted: { at: number; rungAt?: number } = { at }
  const alarm = alarms.set(at, () => {
    noted.rungAt = clock.monotonic()
  })
  return Object.assign(noted, { cancel: () => alarms.cancel(alarm) })
}
