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

  for (const time of [
    31_535_999,
    0,
    '1970-12-31T23:59:59.999Z',
    PUBLISHED + HOUR + 1,
    PUBLISHED / 1000 + 3601,
    '2026-01-01T01:00:00.001Z',
    '2050-01-01',
    1_628_315_585_000_000,
    '',
    'soon',
    true,
    {},
  ]) {
    it(`${JSON.stringify(time)} rejects the event`, () => {
      const step = rejectedOf(anEvent({ time }))

      assert.deepEqual([step.reason, step.field], ['invalid_event', 'properties.time'])
    })
  }

  describe('without a readable publish time', () => {
    const { publishedAt, ...message } = aMessage()

    it('of its own lets an event through, late as it may be', () => {
      const text = anEvent({ time: publishedAt, $insert_id: 'i' })

      assert.partialDeepStrictEqual(stepOf(text, message), { text, time: publishedAt })
    })

    it('of its own must still be a moment after 1970', () => {
      for (const time of [0, 1e300, 9e15, 'soon']) {
        assert.equal(rejectedOf(anEvent({ time }), message).field, 'properties.time')
      }
    })

    it('of its own is what an event needs', () => {
      assert.equal(rejectedOf(anEvent({}), message).field, 'properties.time')
    })
  })

  it('of a message published before 1971 is none', () => {
    const message = aMessage({ publishedAt: 0 })

    assert.equal(rejectedOf(anEvent({}), message).field, 'properties.time')
  })
})
