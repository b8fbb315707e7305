import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAllRejected } from '../../src/message/all-rejected.ts'
import type { Message } from '../../src/model/message.ts'
import { rejected, type Tally } from '../../src/model/outcome.ts'
import type { Rejections } from '../../src/model/telemetry.ts'
import type { RejectedRoute } from '../../src/settle/settlement-of.ts'
import { aMessage } from '../helpers/builders.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const NOW = Date.UTC(2026, 0, 2)
const HOUR_MS = 3_600_000
const FAILED = rejected('transform_failed', 'no')

function failed(count: number): Tally[] {
  return [{ outcome: FAILED, count }]
}

/** Makes a message that was just published, unless it is changed. */
function fresh(messageId: number, overrides: Partial<Message> = {}): Message {
  return aMessage({ messageId: `${messageId}`, publishedAt: NOW, ...overrides })
}

function aState(rejectedRoute: RejectedRoute = 'to_store') {
  const clock = createFakeClock(NOW)
  const reported: Rejections[] = []
  const telemetry = { allRejected: (rejections: Rejections) => reported.push(rejections) }
  const state = createAllRejected({ clock, rejectedRoute, telemetry })
  return { ...state, clock, reported, store }

  /** Asks for messages from number `from` on. Returns how many of them may be stored. */
  function store(messages: number, eventsEach: number, from = 1): number {
    const numbers = Array.from({ length: messages }, (_, index) => from + index)
    return numbers.filter((number) => state.admit(fresh(number), failed(eventsEach))).length
  }
}

function begun(rejectedRoute?: RejectedRoute) {
  const state = aState(rejectedRoute)
  assert.equal(state.store(20, 5), 20)
  assert.ok(state.isOn())
  return state
}

describe('the state all_rejected', () => {
  it('begins with a hundred events of twenty messages, all of which are stored', () => {
    const state = aState()

    assert.equal(state.store(19, 5), 19)
    assert.ok(!state.isOn())
    assert.equal(state.store(1, 5, 20), 1)

    assert.ok(state.isOn())
    assert.equal(state.store(1, 1, 21), 0)
  })

  it('does not begin with 99 events, of however many messages', () => {
    const state = aState()

    assert.equal(state.store(99, 1), 99)
    assert.ok(!state.isOn())
    assert.equal(state.store(1, 1, 100), 1)

    assert.ok(state.isOn())
  })

  it('does not begin with 19 messages, of however many events: one bad file is no topic', () => {
    const state = aState()

    assert.equal(state.store(19, 100_000), 19)
    assert.ok(!state.isOn())
    assert.equal(state.store(1, 1, 20), 1)

    assert.ok(state.isOn())
  })

  it('counts a redelivery once', () => {
    const state = aState()
    state.store(19, 5)

    for (let delivery = 0; delivery < 100; delivery += 1) state.store(19, 5)

    assert.ok(!state.isOn())
    state.store(1, 4, 20)
    assert.ok(!state.isOn())
    state.store(1, 1, 21)
    assert.ok(state.isOn())
  })

  it('counts messages of two subscriptions, and the letters of one message, apart', () => {
    const state = aState()

    for (let number = 1; number <= 10; number += 1) {
      state.admit(fresh(1, { subscription: `s-${number}` }), failed(5))
      const replay = { id: '1-1', line: 1, ordinal: 1, replays: 0, pushedAs: `${number}` }
      state.admit(fresh(1, { replay }), failed(5))
    }

    assert.ok(state.isOn())
  })

  it('begins anew from the last event that passed', () => {
    const state = aState()
    state.store(99, 1)

    state.passed()

    assert.equal(state.store(99, 1, 200), 99)
    assert.ok(!state.isOn())
  })

  it('begins anew with other messages, too, however many events each has', () => {
    const state = aState()
    state.store(19, 5)

    state.passed()

    assert.equal(state.store(19, 1_000, 200), 19)
    assert.ok(!state.isOn())
  })

  it('ends with the first event that passes', () => {
    const state = begun()

    state.passed()

    assert.ok(!state.isOn())
    assert.equal(state.store(100, 1, 200), 100)
    assert.equal(state.store(1, 1, 300), 0)
  })

  it('does not count a message whose letters could not be stored', () => {
    const state = aState()
    state.store(20, 5)

    state.notStored(fresh(7))
    state.notStored(fresh(7))
    state.notStored(fresh(999))

    assert.ok(!state.isOn())
    assert.equal(state.store(1, 5, 7), 1)
    assert.ok(state.isOn())
  })

  it('counts no event of a message whose letters could not be stored', () => {
    const state = aState()
    state.store(40, 2)

    state.notStored(fresh(1))
    state.store(1, 21, 100)
    assert.ok(!state.isOn())
    state.store(1, 1, 200)

    assert.ok(state.isOn())
  })

  it('stores one message a minute meanwhile', async () => {
    const state = begun()

    await state.clock.advance(59_999)
    assert.equal(state.store(5, 1, 100), 0)
    await state.clock.advance(1)
    assert.equal(state.store(5, 1, 200), 1)
    await state.clock.advance(59_999)
    assert.equal(state.store(5, 1, 300), 0)
    await state.clock.advance(1)

    assert.equal(state.store(5, 1, 400), 1)
  })

  it('stores a message that was published more than twelve hours ago, or at an unknown time', () => {
    const state = begun()
    const { publishedAt, ...untimed } = fresh(1_000)
    const admit = (message: Message) => state.admit(message, failed(1))

    assert.ok(!admit(fresh(1_001, { publishedAt: NOW - 12 * HOUR_MS })))
    assert.ok(admit(fresh(1_002, { publishedAt: NOW - 12 * HOUR_MS - 1 })))
    assert.ok(admit(untimed))
    assert.ok(state.isOn())
  })

  it('does not spend the minute’s message on old ones', async () => {
    const state = begun()
    await state.clock.advance(60_000)

    assert.ok(state.admit(fresh(1, { publishedAt: 0 }), failed(1)))

    assert.equal(state.store(2, 1, 100), 1)
  })

  it('reports the rejections by reason, with the first field, as long as it is on', () => {
    const state = aState()
    const outcome = rejected('invalid_event', 'no', 'properties.time')
    const other = rejected('invalid_event', 'no', 'event')
    state.admit(fresh(1), failed(10))
    state.admit(fresh(2), [
      { outcome, count: 3 },
      { outcome: other, count: 1 },
    ])
    assert.deepEqual(state.reported, [])

    state.store(20, 10, 3)

    assert.deepEqual(state.reported.at(0), {
      reasons: { transform_failed: 190, invalid_event: 4 },
      field: 'properties.time',
    })
    assert.equal(state.reported.length, 3)
  })

  it('holds no message back when rejected events go to the subscription', () => {
    const state = begun('to_subscription')

    assert.equal(state.store(1_000, 1, 100), 1_000)
    assert.equal(state.reported.length, 1_001)
    assert.deepEqual(state.reported[0], { reasons: { transform_failed: 100 } })
    state.passed()
    assert.ok(!state.isOn())
  })
})
