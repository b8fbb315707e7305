import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aMessage } from '../helpers/builders.ts'
import { anEvent, PUBLISHED, preparedOf, propertiesOf, rejectedOf, stepOf } from './events.ts'

const HOUR = 3_600_000

describe('time', () => {
  const kept: unknown[] = [31_536_000, 1_628_315_585, PUBLISHED / 1000, PUBLISHED, 1e12]
  for (const time of kept) {
    it(`${time} is kept as it is`, () => {
      const text = anEvent({ time, $insert_id: 'i' })

      assert.equal(preparedOf(text).text, text)
    })
  }

  const set: [unknown, number][] = [
    [undefined, PUBLISHED],
    [null, PUBLISHED],
    [1_628_315_585.5, 1_628_315_585_500],
    ['1628315585', 1_628_315_585_000],
    ['2021-08-07T05:53:05', 1_628_315_585_000],
    [PUBLISHED + 1, PUBLISHED],
    [PUBLISHED + HOUR, PUBLISHED],
    [PUBLISHED / 1000 + 3600, PUBLISHED],
    ['2026-01-01T02:00:00+01:00', PUBLISHED],
  ]
  for (const [time, ms] of set) {
    it(`${time} is set to ${ms}`, () => {
      const event = preparedOf(anEvent({ time, $insert_id: 'i' }))

      assert.equal(event.time, ms)
      assert.deepEqual(propertiesOf(event.text), { time: ms, $insert_id: 'i' })
    })
  }

  for (const [time, fault] of [
    [31_535_999, 'is before 1971'],
    [0, 'is before 1971'],
    ['1970-12-31T23:59:59.999Z', 'is before 1971'],
    [PUBLISHED + HOUR + 1, 'is more than an hour after the message was published'],
    [PUBLISHED / 1000 + 3601, 'is more than an hour after the message was published'],
    ['2026-01-01T01:00:00.001Z', 'is more than an hour after the message was published'],
    ['2050-01-01', 'is more than an hour after the message was published'],
    [8.64e15, 'is more than an hour after the message was published'],
    [8_640_000_000_000_001, 'is beyond the calendar'],
    ['', 'is neither an epoch in seconds or ms nor ISO 8601'],
    ['soon', 'is neither an epoch in seconds or ms nor ISO 8601'],
    [true, 'is neither an epoch in seconds or ms nor ISO 8601'],
    [{}, 'is neither an epoch in seconds or ms nor ISO 8601'],
  ] as const) {
    it(`${JSON.stringify(time)} rejects the event, for it ${fault}`, () => {
      assert.deepEqual(rejectedOf(anEvent({ time })), {
        kind: 'rejected',
        reason: 'invalid_event',
        field: 'properties.time',
        detail: `the time ${fault}`,
      })
    })
  }

  describe('without a readable publish time', () => {
    const { publishedAt, ...message } = aMessage()

    for (const time of [publishedAt, 8.64e15]) {
      it(`of its own lets an event through, late as ${time} may be`, () => {
        const text = anEvent({ time, $insert_id: 'i' })

        assert.partialDeepStrictEqual(stepOf(text, message), { text, time })
      })
    }

    it('of its own must still be a moment after 1970', () => {
      for (const time of [0, 1e300, 9e15, 'soon']) {
        assert.equal(rejectedOf(anEvent({ time }), message).field, 'properties.time')
      }
    })

    it('of its own is what an event needs', () => {
      const { field, detail } = rejectedOf(anEvent({}), message)

      assert.equal(field, 'properties.time')
      assert.equal(
        detail,
        'the time is missing, and the message has no publish time to take its place',
      )
    })
  })

  it('of a message published before 1971 is none', () => {
    const { field, detail } = rejectedOf(anEvent({}), aMessage({ publishedAt: 0 }))

    assert.deepEqual([field, detail], ['properties.time', 'the time is before 1971'])
  })
})
