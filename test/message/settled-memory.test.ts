import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EarlierOutcomes } from '../../src/message/outcome-table.ts'
import {
  createSettledMemory,
  type NamedMessage,
  type SettledMemory,
} from '../../src/message/settled-memory.ts'
import type { Message } from '../../src/model/message.ts'
import { IMPORTED, rejected, retry } from '../../src/model/outcome.ts'
import type { Settlement } from '../../src/model/settlement.ts'
import { aMessage } from '../helpers/builders.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { earlierWith } from '../helpers/outcomes.ts'

const ACK: Settlement = { kind: 'ack', reason: 'dead_lettered', status: 204 }
const IMPORTED_ALL: Settlement = { kind: 'ack', reason: 'imported', status: 204 }

const ACK_DEADLINE_MS = 10_000

const aMemory = (maxRememberedBytes = 1e6, clock = createFakeClock()) =>
  createSettledMemory({ ackDeadlineMs: ACK_DEADLINE_MS, maxRememberedBytes }, clock)

const named = (messageId: string, changes: Partial<Message> = {}): NamedMessage => {
  return { ids: messageId, message: aMessage({ messageId, ...changes }) }
}

function recallAck(memory: SettledMemory, one: NamedMessage): Settlement | undefined {
  const last = memory.recall(one)
  return last?.kind === 'acked' ? last.settlement : undefined
}

function recallOutcomes(memory: SettledMemory, one: NamedMessage): EarlierOutcomes | undefined {
  const last = memory.recall(one)
  return last?.kind === 'nacked' ? last.outcomes : undefined
}

describe('the memory of settled messages', () => {
  for (const ack of ['acked', 'ackedUnheard'] as const) {
    it(`forgets the oldest message when too many are ${ack}`, () => {
      const memory = aMemory(3_000)

      for (let n = 0; n < 10; n += 1) memory[ack](named(`${n}`), ACK)

      assert.equal(recallAck(memory, named('0')), undefined)
      assert.equal(recallAck(memory, named('9')), ACK)
    })

    it(`forgets the earlier outcomes of a message that is ${ack}`, () => {
      const memory = aMemory()
      memory.nacked(named('1'), earlierWith([IMPORTED, retry('throttled')]))

      memory[ack](named('1'), ACK)

      assert.equal(recallOutcomes(memory, named('1')), undefined)
    })
  }

  it('recalls no ack of a message without letters that a push got: its import may be repeated', () => {
    const memory = aMemory()

    memory.acked(named('1'), IMPORTED_ALL)
    memory.ackedUnheard(named('2'), IMPORTED_ALL)

    assert.equal(recallAck(memory, named('1')), undefined)
    assert.equal(recallAck(memory, named('2')), IMPORTED_ALL)
  })

  it('recalls nothing for another message with the same ids', () => {
    const memory = aMemory()
    memory.acked(named('1'), ACK)
    memory.ackedUnheard(named('2'), ACK)
    memory.nacked(named('3'), earlierWith([IMPORTED]))
    const [first, second, third] = ['1', '2', '3'].map((id) => named(id, { data: 'AAAA' }))
    assert.ok(first && second && third)

    assert.equal(recallAck(memory, first), undefined)
    assert.equal(recallAck(memory, second), undefined)
    assert.equal(recallOutcomes(memory, third), undefined)
    assert.equal(recallAck(memory, named('1')), ACK)
  })

  it('remembers the later of two messages with the same ids', () => {
    const memory = aMemory()
    const later = named('1', { data: 'AAAA' })

    memory.acked(named('1'), ACK)
    memory.acked(later, ACK)

    assert.deepEqual([recallAck(memory, named('1')), recallAck(memory, later)], [undefined, ACK])
  })

  it('remembers the later end of a message, and of two with the same ids, whatever the ends', () => {
    const outcomes = earlierWith([IMPORTED])
    const other = named('1', { data: 'AAAA' })
    for (const ack of ['acked', 'ackedUnheard'] as const) {
      const memory = aMemory()

      memory[ack](named('1'), ACK)
      memory.nacked(other, outcomes)
      assert.deepEqual(
        [memory.recall(named('1')), recallOutcomes(memory, other)],
        [undefined, outcomes],
      )
      memory[ack](named('1'), ACK)
      assert.deepEqual([recallAck(memory, named('1')), memory.recall(other)], [ACK, undefined])
    }
  })

  it('keeps the outcomes of a message when a later nack has none', () => {
    const memory = aMemory()
    const outcomes = earlierWith([IMPORTED])
    memory.nacked(named('1'), outcomes)

    memory.nacked(named('1'), undefined)

    assert.equal(recallOutcomes(memory, named('1')), outcomes)
  })

  it('pushes no outcomes out for acks, however many come, and no acks for outcomes', () => {
    const memory = aMemory(3 * 5_000)
    const outcomes = earlierWith([IMPORTED])
    memory.nacked(named('nacked'), outcomes)
    for (let n = 0; n < 100; n += 1) {
      memory.acked(named(`heard ${n}`), ACK)
      memory.ackedUnheard(named(`unheard ${n}`), ACK)
    }
    for (let n = 0; n < 2; n += 1) memory.nacked(named(`${n}`), outcomes)

    assert.equal(recallOutcomes(memory, named('nacked')), outcomes)
    assert.equal(recallAck(memory, named('heard 99')), ACK)
    assert.equal(recallAck(memory, named('unheard 99')), ACK)
  })

  it('forgets for good what has expired: it counts no more', async () => {
    const clock = createFakeClock()
    const memory = aMemory(3 * 600, clock)
    memory.acked(named('1'), ACK)
    memory.acked(named('2'), ACK)
    await clock.advance(2 * ACK_DEADLINE_MS)

    memory.acked(named('3'), ACK)
    memory.acked(named('4'), ACK)

    const acks = ['1', '2', '3', '4'].map((id) => recallAck(memory, named(id)))
    assert.deepEqual(acks, [undefined, undefined, ACK, ACK])
  })

  it('forgets the earlier outcomes of a message whose ack it does not remember', () => {
    const memory = aMemory()
    memory.nacked(named('1'), earlierWith([IMPORTED]))

    memory.acked(named('1'), IMPORTED_ALL)

    assert.equal(memory.recall(named('1')), undefined)
  })

  for (const [ack, lifetimeMs] of [
    ['acked', 2 * ACK_DEADLINE_MS],
    ['ackedUnheard', 7_200_000],
  ] as const) {
    it(`remembers anew, and counts once, a message that is ${ack} again`, async () => {
      const clock = createFakeClock()
      const memory = aMemory(3 * 600, clock)
      memory[ack](named('1'), ACK)
      await clock.advance(lifetimeMs / 2)

      memory[ack](named('1'), ACK)
      await clock.advance(lifetimeMs / 2)
      memory[ack](named('2'), ACK)

      assert.deepEqual([recallAck(memory, named('1')), recallAck(memory, named('2'))], [ACK, ACK])
    })
  }

  it('counts the ids: a publisher chooses how long they are', () => {
    const memory = aMemory(3 * 5_000)
    const long = (n: number) => named(`${n}`.padEnd(1_000))

    for (let n = 0; n < 5; n += 1) memory.acked(long(n), ACK)

    assert.deepEqual([recallAck(memory, long(0)), recallAck(memory, long(4))], [undefined, ACK])
  })

  it('recalls an ack that no push waited for until two ack deadlines after a push got it', async () => {
    const clock = createFakeClock()
    const memory = aMemory(1e6, clock)
    memory.ackedUnheard(named('1'), ACK)
    await clock.advance(60_000)

    const first = recallAck(memory, named('1'))
    await clock.advance(2 * ACK_DEADLINE_MS - 1)
    const second = recallAck(memory, named('1'))
    await clock.advance(1)

    assert.deepEqual([first, second, recallAck(memory, named('1'))], [ACK, ACK, undefined])
  })

  it('forgets the oldest outcomes when there are too many', () => {
    const memory = aMemory(6_000)
    const outcomes = earlierWith(Array.from({ length: 500 }, () => IMPORTED))

    memory.nacked(named('1'), outcomes)
    memory.nacked(named('2'), outcomes)

    assert.equal(recallOutcomes(memory, named('1')), undefined)
    assert.equal(recallOutcomes(memory, named('2')), outcomes)
  })

  it('holds a dozen messages of half a million events', () => {
    const memory = aMemory(32 * 1024 * 1024)
    const outcomes = earlierWith(Array.from({ length: 500_000 }, () => IMPORTED))

    for (let n = 0; n < 12; n += 1) memory.nacked(named(`${n}`), outcomes)

    assert.equal(recallOutcomes(memory, named('0')), outcomes)
  })

  it('counts the texts of all different rejections', () => {
    const memory = aMemory(30_000)
    const details = Array.from({ length: 200 }, (_, n) => `${n}`.padEnd(1_000))

    memory.nacked(
      named('1'),
      earlierWith(details.map((detail) => rejected('refused_by_mixpanel', detail))),
    )

    assert.equal(recallOutcomes(memory, named('1')), undefined)
  })

  it('holds a message of half a million events with the same rejection', () => {
    const memory = aMemory(3_000_000)
    const all = Array.from({ length: 500_000 }, () => rejected('refused_by_mixpanel', 'no', 'a'))

    memory.nacked(named('1'), earlierWith(all))

    assert.deepEqual(recallOutcomes(memory, named('1'))?.refusalAt(499_999), all[0])
  })

  it('holds nothing of a message that must be delivered as a whole', () => {
    const memory = aMemory()

    memory.nacked(named('1'), earlierWith([retry('throttled'), retry('throttled')]))

    assert.equal(recallOutcomes(memory, named('1')), undefined)
  })
})
