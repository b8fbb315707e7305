import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLetterGuard } from '../../src/message/letter-guard.ts'
import { settlePromises } from '../helpers/fake-clock.ts'
import { aProgress } from '../helpers/path.ts'

/** Makes a guard that allows this number of messages, and as many again when an event has passed. */
function aGuard(allowed: number) {
  let left = allowed
  let now = 0
  let asks = 0
  let passes = 0
  const guard = createLetterGuard({
    isOn: () => left === 0,
    passed: () => {
      passes += 1
      left = allowed
    },
    admit: () => {
      asks += 1
      if (left === 0) return false
      left -= 1
      return true
    },
    notStored: () => {},
  })
  return { guard, ask, goTo, asks: () => asks, passes: () => passes }

  function goTo(toMs: number): void {
    now = toMs
    guard.returnLate()
  }

  /** The answers to messages with these deadlines so far, in order. */
  function ask(...deadlines: readonly number[]): (boolean | 'waits')[] {
    const answers: (boolean | 'waits')[] = deadlines.map(() => 'waits')
    for (const [index, deliverBy] of deadlines.entries()) {
      void guard.waitForLeave(aProgress(undefined, { deliverBy, now: () => now })).then((may) => {
        answers[index] = may
      })
    }
    return answers
  }
}

describe('a message of which no event passed', () => {
  it('is stored at once while letters may be stored', async () => {
    const answers = aGuard(2).ask(10, 10)

    await settlePromises()

    assert.deepEqual(answers, [true, true])
  })

  it('waits for its deadline while they may not, and is not stored', async () => {
    const { ask, asks, goTo } = aGuard(0)
    const answers = ask(10, 20)

    goTo(9)
    await settlePromises()
    assert.deepEqual(answers, ['waits', 'waits'])
    goTo(10)
    await settlePromises()

    assert.deepEqual(answers, [false, 'waits'])
    assert.equal(asks(), 2)
  })

  it('does not wait when its time is up already', async () => {
    const { ask, goTo } = aGuard(0)
    goTo(10)

    const answers = ask(10)
    await settlePromises()

    assert.deepEqual(answers, [false])
  })

  it('is asked for again when an event passed, and waits on when too many others were allowed', async () => {
    const { guard, ask, goTo } = aGuard(1)
    const answers = ask(10, 10, 10)

    guard.passed()
    await settlePromises()
    assert.deepEqual(answers, [true, true, 'waits'])
    goTo(10)
    await settlePromises()

    assert.deepEqual(answers, [true, true, false])
  })

  it('waits no more on a drain', async () => {
    const { guard, ask, asks } = aGuard(0)
    const answers = ask(10)

    guard.drain()
    const later = ask(10)
    await settlePromises()

    assert.deepEqual([answers, later], [[false], [false]])
    assert.equal(asks(), 2)
  })
})

it('the guard knows whether a message has asked since the last event passed', () => {
  const { guard, ask, passes } = aGuard(2)
  const hadAsked = guard.hasAsked

  ask(10)
  const hasAsked = guard.hasAsked
  guard.passed()

  assert.deepEqual([hadAsked, hasAsked, guard.hasAsked], [false, true, false])
  assert.equal(passes(), 1)
})
