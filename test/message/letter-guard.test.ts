import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLetterGuard } from '../../src/message/letter-guard.ts'
import { rejected, retry } from '../../src/model/outcome.ts'
import type { MadeEvent } from '../../src/model/pending-event.ts'
import { aPreparedEvent } from '../helpers/builders.ts'
import { settlePromises } from '../helpers/fake-clock.ts'
import { aProgress } from '../helpers/path.ts'

const REJECTED: MadeEvent = { child: 0, step: rejected('transform_failed', 'no') }
const PASSED: MadeEvent = { child: 0, step: aPreparedEvent() }
const DROPPED: MadeEvent = { child: 0, step: { kind: 'dropped', rule: 'transform' } }
const LATE: MadeEvent = { child: 0, step: retry('overloaded') }

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
  return { ...guard, ask, pass, asks: () => asks, passes: () => passes }

  function pass(toMs: number): void {
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
    const guard = aGuard(0)
    const answers = guard.ask(10, 20)

    guard.pass(9)
    await settlePromises()
    assert.deepEqual(answers, ['waits', 'waits'])
    guard.pass(10)
    await settlePromises()

    assert.deepEqual(answers, [false, 'waits'])
    assert.equal(guard.asks(), 2)
  })

  it('does not wait when its time is up already', async () => {
    const guard = aGuard(0)
    guard.pass(10)

    const answers = guard.ask(10)
    await settlePromises()

    assert.deepEqual(answers, [false])
  })

  for (const [what, event] of [
    ['passed', PASSED],
    ['was dropped', DROPPED],
  ] as const) {
    it(`is asked for again when an event ${what}, and waits on when too many others were allowed`, async () => {
      const guard = aGuard(1)
      const answers = guard.ask(10, 10, 10)

      assert.ok(guard.notePassed([REJECTED, event]))
      await settlePromises()
      assert.deepEqual(answers, [true, true, 'waits'])
      guard.pass(10)
      await settlePromises()

      assert.deepEqual(answers, [true, true, false])
    })
  }

  it('waits on when the events of others are rejected, or come again', async () => {
    const guard = aGuard(1)
    const answers = guard.ask(10, 10)

    assert.ok(!guard.notePassed([REJECTED, LATE]))
    assert.ok(!guard.notePassed([]))
    await settlePromises()

    assert.deepEqual(answers, [true, 'waits'])
  })

  it('waits no more on a drain', async () => {
    const guard = aGuard(0)
    const answers = guard.ask(10)

    guard.drain()
    const later = guard.ask(10)
    await settlePromises()

    assert.deepEqual([answers, later], [[false], [false]])
    assert.equal(guard.asks(), 2)
  })
})

it('the state ends with the first event that passes after a message has asked, and with no other', async () => {
  const guard = aGuard(2)
  guard.notePassed([PASSED])
  assert.equal(guard.passes(), 0)

  guard.ask(10)
  guard.notePassed([PASSED])
  guard.notePassed([PASSED])

  assert.equal(guard.passes(), 1)
})
