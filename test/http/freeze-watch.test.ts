import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFreezeWatch } from '../../src/http/freeze-watch.ts'
import type { Clock } from '../../src/lib/clock.ts'

/** A process whose timers run late by what it was frozen, or busy, meanwhile. */
function aProcess() {
  let now = 0
  let cpu = 0
  let timer: { at: number; task: () => void } | undefined
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after(ms, task) {
      timer = { at: now + ms, task }
      return () => {
        timer = undefined
      }
    },
  }
  const runTimers = (): void => {
    for (let due = timer; due && due.at <= now; due = timer) {
      timer = undefined
      due.task()
    }
  }
  const stall = (ms: number, cpuMs: number): void => {
    now += ms
    cpu += cpuMs
    runTimers()
  }
  return {
    watch: createFreezeWatch(clock, () => cpu),
    freeze: (ms: number) => stall(ms, 0),
    compute: (ms: number) => stall(ms, ms),
    stall,
    idle(ms: number) {
      for (const end = now + ms; now < end; ) stall(Math.min(50, end - now), 1)
    },
    isWatched: () => timer !== undefined,
  }
}

describe('createFreezeWatch', () => {
  it('sees no freeze in a process that runs', () => {
    const { watch, idle } = aProcess()

    idle(60_000)

    assert.equal(watch.thawedWithin(60_000), false)
  })

  it('sees a freeze: time has passed, and no CPU with it', () => {
    const { watch, freeze, idle } = aProcess()
    idle(10_000)

    freeze(60_000)

    assert.equal(watch.thawedWithin(2_500), true)
  })

  it('sees a freeze in which the process was given a little CPU', () => {
    const { watch, stall } = aProcess()

    stall(60_000, 2_000)

    assert.equal(watch.thawedWithin(2_500), true)
  })

  it('takes a busy event loop for what it is', () => {
    const { watch, compute } = aProcess()

    compute(5_000)

    assert.equal(watch.thawedWithin(2_500), false)
  })

  it('forgives a timer that is a little late', () => {
    const { watch, freeze } = aProcess()

    freeze(700)

    assert.equal(watch.thawedWithin(2_500), false)
  })

  it('forgets a freeze after a while', () => {
    const { watch, freeze, idle } = aProcess()
    freeze(60_000)

    idle(2_500)
    assert.equal(watch.thawedWithin(2_500), true)

    idle(50)
    assert.equal(watch.thawedWithin(2_500), false)
  })

  it('judges each gap by the CPU of that gap alone', () => {
    const { watch, compute, freeze } = aProcess()
    compute(50_000)

    freeze(5_000)

    assert.equal(watch.thawedWithin(2_500), true)
  })

  it('watches no more once it is stopped', () => {
    const { watch, idle, isWatched } = aProcess()
    idle(1_000)

    watch.stop()

    assert.equal(isWatched(), false)
  })
})
