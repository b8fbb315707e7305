import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createByteBudget, type MessageBytes } from '../../src/lib/byte-budget.ts'
import { settlePromises } from '../helpers/fake-clock.ts'

const always = () => true

describe('createByteBudget', () => {
  it('takes bodies up to half of the budget, to the last byte', () => {
    const budget = createByteBudget(200)
    const [one, other] = [budget.openBody(), budget.openBody()]

    assert.equal(one.tryAdd(60), true)
    assert.equal(other.tryAdd(41), false)
    assert.equal(other.tryAdd(40), true)
    assert.equal(one.tryAdd(1), false)

    assert.equal(budget.held(), 100)
    one.release()
    assert.equal(budget.held(), 40)
  })

  it('reserves at once what fits, in place of the earlier reservation', () => {
    const budget = createByteBudget(100)
    const [one, other] = [budget.openMessage(), budget.openMessage()]

    assert.equal(one.tryReserve(60), true)
    assert.equal(other.tryReserve(41), false)
    assert.equal(one.tryReserve(50), true)
    assert.equal(other.tryReserve(50), true)

    assert.equal(budget.held(), 100)
  })

  it('counts nothing for a body that was released', () => {
    const budget = createByteBudget(200)
    const body = budget.openBody()

    body.release()

    assert.equal(body.tryAdd(10), true)
    assert.equal(budget.held(), 0)
  })

  it('counts the place of an earlier reservation as free for the next of the same message', () => {
    const budget = createByteBudget(100)
    const [one, other] = [budget.openMessage(), budget.openMessage()]
    one.tryReserve(30)
    other.tryReserve(30)

    assert.equal(one.tryReserve(70), true)

    assert.equal(budget.held(), 100)
  })

  it('replaces the only reservation by one that is too large for it', () => {
    const budget = createByteBudget(100)
    const only = budget.openMessage()
    only.tryReserve(60)

    assert.equal(only.tryReserve(150), true)

    assert.equal(budget.held(), 150)
  })

  it('reserves at once what is too large for it, when no other message has reserved', () => {
    const budget = createByteBudget(100)

    assert.equal(budget.openMessage().tryReserve(150), true)
    assert.equal(budget.openMessage().tryReserve(1), false)
  })

  it('reserves nothing at once while another message waits for a turn', async () => {
    const budget = createByteBudget(100)
    const [first, second, third] = [
      budget.openMessage(),
      budget.openMessage(),
      budget.openMessage(),
    ]
    first.tryReserve(90)
    const waiting = second.reserve(50, () => true)

    assert.equal(third.tryReserve(1), false)
    first.release()
    assert.equal(await waiting, true)
  })

  it('counts bytes that are in memory already, even past the budget', () => {
    const budget = createByteBudget(100)

    budget.openMessage().add(150)

    assert.equal(budget.held(), 150)
    assert.equal(budget.openBody().tryAdd(1), false)
  })

  it('gives all bytes back on release, once', () => {
    const budget = createByteBudget(100)
    const messageBytes = budget.openMessage()
    messageBytes.add(60)
    budget.openMessage().add(30)

    messageBytes.release()
    messageBytes.release()

    assert.equal(budget.held(), 30)
  })

  it('counts nothing for a message that was released', async () => {
    const budget = createByteBudget(100)
    const messageBytes = budget.openMessage()

    messageBytes.release()
    messageBytes.add(10)
    messageBytes.commit(10)
    const granted = await messageBytes.reserve(10, always)

    assert.equal(granted, false)
    assert.equal(budget.held(), 0)
  })

  it('grants a reservation that fits at once', async () => {
    const budget = createByteBudget(100)
    await budget.openMessage().reserve(60, always)

    const granted = await budget.openMessage().reserve(40, always)

    assert.equal(granted, true)
    assert.equal(budget.held(), 100)
  })

  it('grants a reservation that does not fit when no other is outstanding', async () => {
    const budget = createByteBudget(100)
    budget.openMessage().add(90)

    const granted = await budget.openMessage().reserve(500, always)

    assert.equal(granted, true)
    assert.equal(budget.held(), 590)
  })

  it('lets a reservation that does not fit wait until the others are released', async () => {
    const { budget, reserve, answers } = createScene(100)
    const first = reserve('first', 60)
    reserve('second', 50)

    await settlePromises()
    assert.deepEqual(answers, ['first true'])
    first.release()
    await settlePromises()

    assert.deepEqual(answers, ['first true', 'second true'])
    assert.equal(budget.held(), 50)
  })

  it('grants a reservation as soon as it fits, while others are outstanding', async () => {
    const { reserve, answers } = createScene(100)
    const first = reserve('first', 40)
    reserve('second', 40)
    reserve('third', 60)

    first.release()
    await settlePromises()

    assert.deepEqual(answers, ['first true', 'second true', 'third true'])
  })

  it('grants a waiting reservation when a body is released', async () => {
    const { budget, reserve, answers } = createScene(100)
    const body = budget.openBody()
    body.tryAdd(40)
    reserve('first', 50)
    reserve('second', 50)

    body.release()
    await settlePromises()

    assert.deepEqual(answers, ['first true', 'second true'])
  })

  it('keeps the order: a small reservation does not pass a large one', async () => {
    const { reserve, answers } = createScene(100)
    const first = reserve('first', 60)
    reserve('large', 90)
    reserve('small', 1)

    await settlePromises()
    assert.deepEqual(answers, ['first true'])
    first.release()
    await settlePromises()

    assert.deepEqual(answers, ['first true', 'large true', 'small true'])
  })

  it('refuses a reservation that is no longer wanted, and goes on with the next', async () => {
    const { budget, reserve, answers } = createScene(100)
    reserve('first', 60)
    reserve('late', 90, () => false)
    reserve('third', 30)

    await settlePromises()

    assert.deepEqual(answers, ['first true', 'late false', 'third true'])
    assert.equal(budget.held(), 90)
  })

  it('refuses the reservation of a message that is released while it waits', async () => {
    const { budget, reserve, answers } = createScene(100)
    const first = reserve('first', 60)
    const second = reserve('second', 90)

    second.release()
    first.release()
    await settlePromises()

    assert.deepEqual(answers, ['first true', 'second false'])
    assert.equal(budget.held(), 0)
  })

  it('grants the next from the bytes that were reserved and not made', async () => {
    const { budget, reserve, answers } = createScene(100)
    const first = reserve('first', 80)
    reserve('second', 60)

    first.commit(30)
    await settlePromises()

    assert.deepEqual(answers, ['first true', 'second true'])
    assert.equal(budget.held(), 90)
  })

  it('grants no reservation that does not fit beside the bytes that were made', async () => {
    const { reserve, answers } = createScene(100)
    const first = reserve('first', 80)
    reserve('second', 60)

    first.commit(41)
    await settlePromises()

    assert.deepEqual(answers, ['first true'])
  })

  it('grants a too large reservation when the only other one is cancelled', async () => {
    const { reserve, answers } = createScene(100)
    const first = reserve('first', 80)
    reserve('second', 500)

    first.cancel()
    await settlePromises()

    assert.deepEqual(answers, ['first true', 'second true'])
  })

  it('answers every reservation and holds nothing in the end, in any order of events', () => {
    const sizes = fc.array(fc.tuple(fc.nat(60), fc.nat(250), fc.boolean()), { minLength: 1 })

    return fc.assert(
      fc.asyncProperty(sizes, fc.scheduler(), async (pushes, scheduler) => {
        const budget = createByteBudget(100)

        const ends = pushes.map(async ([bodyBytes, bytes, wanted]) => {
          const messageBytes = budget.openMessage()
          messageBytes.add(bodyBytes)
          const granted = await messageBytes.reserve(bytes, () => wanted)
          await scheduler.schedule(Promise.resolve())
          if (granted) messageBytes.commit(Math.floor(bytes / 2))
          await scheduler.schedule(Promise.resolve())
          messageBytes.release()
          return granted
        })
        await scheduler.waitFor(Promise.all(ends))

        assert.deepEqual(
          await Promise.all(ends),
          pushes.map(([, , wanted]) => wanted),
        )
        assert.equal(budget.held(), 0)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a byte budget without room', () => {
  it('reports a shortage for a body and for a reservation', () => {
    let shortages = 0
    const budget = createByteBudget(100)
    budget.onShortage(() => {
      shortages += 1
    })
    const body = budget.openBody()

    assert.equal(body.tryAdd(50), true)
    void budget.openMessage().reserve(50, always)
    assert.equal(shortages, 0)
    assert.equal(body.tryAdd(1), false)
    assert.equal(shortages, 1)
    void budget.openMessage().reserve(10, always)

    assert.equal(shortages, 2)
  })

  it('has room again when bytes are given back', async () => {
    const { budget, reserve, answers } = createScene(100)
    const first = reserve('first', 60)
    first.add(30)
    reserve('second', 30)
    await settlePromises()
    assert.deepEqual(answers, ['first true'])

    first.giveBack(20)
    await settlePromises()

    assert.deepEqual(answers, ['first true', 'second true'])
    assert.equal(budget.held(), 100)
  })
})

/** Reservations by name, and the answers to them in the order they came. */
function createScene(maxBytes: number) {
  const budget = createByteBudget(maxBytes)
  const answers: string[] = []

  return { budget, reserve, answers }

  function reserve(name: string, bytes: number, wanted = always): MessageBytes {
    const messageBytes = budget.openMessage()
    void messageBytes.reserve(bytes, wanted).then((granted) => answers.push(`${name} ${granted}`))
    return messageBytes
  }
}
