import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSettledMemory } from '../../src/message/settled-memory.ts'
import { IMPORTED, rejected, retry } from '../../src/model/outcome.ts'
import type { Settlement } from '../../src/model/settlement.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { earlierWith } from '../helpers/outcomes.ts'

const ACK: Settlement = { kind: 'ack', reason: 'imported', status: 204 }

const ACK_DEADLINE_MS = 10_000

const aMemory = (maxRememberedBytes = 1e6, clock = createFakeClock()) =>
  createSettledMemory({ ackDeadlineMs: ACK_DEADLINE_MS, maxRememberedBytes }, clock)

describe('the memory of settled messages', () => {
  for (const ack of ['acked', 'ackedUnheard'] as const) {
    it(`forgets the oldest message when too many are ${ack}`, () => {
      const memory = aMemory(3_000)

      for (let n = 0; n < 10; n += 1) memory[ack](`${n}`, ACK)

      assert.equal(memory.recallAck('0'), undefined)
      assert.equal(memory.recallAck('9'), ACK)
    })

    it(`forgets the earlier outcomes of a message that is ${ack}`, () => {
      const memory = aMemory()
      memory.nacked('1', earlierWith([IMPORTED, retry('throttled')]))

      memory[ack]('1', ACK)

      assert.equal(memory.recallOutcomes('1'), undefined)
    })
  }

  it('recalls an ack that no push waited for until two ack deadlines after a push got it', async () => {
    const clock = createFakeClock()
    const memory = aMemory(1e6, clock)
    memory.ackedUnheard('1', ACK)
    await clock.advance(60_000)

    const first = memory.recallAck('1')
    await clock.advance(2 * ACK_DEADLINE_MS - 1)
    const second = memory.recallAck('1')
    await clock.advance(1)

    assert.deepEqual([first, second, memory.recallAck('1')], [ACK, ACK, undefined])
  })

  it('forgets the oldest outcomes when there are too many', () => {
    const memory = aMemory(6_000)
    const outcomes = earlierWith(Array.from({ length: 500 }, () => IMPORTED))

    memory.nacked('1', outcomes)
    memory.nacked('2', outcomes)

    assert.equal(memory.recallOutcomes('1'), undefined)
    assert.equal(memory.recallOutcomes('2'), outcomes)
  })

  it('holds a dozen messages of half a million events', () => {
    const memory = aMemory(32 * 1024 * 1024)
    const outcomes = earlierWith(Array.from({ length: 500_000 }, () => IMPORTED))

    for (let n = 0; n < 12; n += 1) memory.nacked(`${n}`, outcomes)

    assert.equal(memory.recallOutcomes('0'), outcomes)
  })

  it('counts the texts of all different rejections', () => {
    const memory = aMemory(30_000)
    const details = Array.from({ length: 200 }, (_, n) => `${n}`.padEnd(1_000))

    memory.nacked(
      '1',
      earlierWith(details.map((detail) => rejected('refused_by_mixpanel', detail))),
    )

    assert.equal(memory.recallOutcomes('1'), undefined)
  })

  it('holds a message of half a million events with the same rejection', () => {
    const memory = aMemory(3_000_000)
    const all = Array.from({ length: 500_000 }, () => rejected('refused_by_mixpanel', 'no', 'a'))

    memory.nacked('1', earlierWith(all))

    assert.deepEqual(memory.recallOutcomes('1')?.refusalAt(499_999), all[0])
  })

  it('holds nothing of a message that must be delivered as a whole', () => {
    const memory = aMemory()

    memory.nacked('1', earlierWith([retry('throttled'), retry('throttled')]))

    assert.equal(memory.recallOutcomes('1'), undefined)
  })
})
