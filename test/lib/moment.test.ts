import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isCalendarDay, momentOf } from '../../src/lib/moment.ts'

const NOON = Date.UTC(2021, 7, 7, 12, 0, 0)

describe('momentOf', () => {
  for (const [time, moment] of [
    [NOON / 1000, NOON],
    [NOON, NOON],
    [NOON / 1000 + 0.123, NOON + 123],
    [NOON + 0.4, NOON],
    [String(NOON / 1000), NOON],
    [String(NOON), NOON],
    [`${NOON / 1000}.123`, NOON + 123],
    ['-1', -1000],
    ['2021-08-07T12:00:00Z', NOON],
    ['2021-08-07T12:00:00', NOON],
    ['2021-08-07T12:00', NOON],
    ['2021-08-07t12:00:00z', NOON],
    ['2021-08-07 12:00:00', NOON],
    ['2021-08-07 12:00:00 UTC', NOON],
    ['2021-08-07T12:00:00.1Z', NOON + 100],
    ['2021-08-07T12:00:00,123456789Z', NOON + 123],
    ['2021-08-07T14:30:00+02:30', NOON],
    ['2021-08-07T14:30:00+0230', NOON],
    ['2021-08-07 07:00:00-05', NOON],
    ['2021-08-07', Date.UTC(2021, 7, 7)],
    [99_999_999_999, 99_999_999_999_000],
    [100_000_000_000, 100_000_000_000],
    [-1, -1000],
  ] as const) {
    it(`reads ${JSON.stringify(time)}`, () => {
      assert.equal(momentOf(time), moment)
    })
  }

  for (const time of [
    '',
    'yesterday',
    'on 2021-08-07',
    '12:00',
    '1e9',
    '0x10',
    '2021-8-7',
    '2021-02-30',
    '2021-02-30T12:00:00Z',
    '2021-13-01',
    '2021-08-07T25:00:00Z',
    '2021-08-07T12:00:00+99:00',
    '2021-08-07T12:00:00 Europe/Berlin',
    'Sat, 07 Aug 2021 12:00:00 GMT',
    Number.POSITIVE_INFINITY,
    true,
    {},
    [NOON],
  ]) {
    it(`cannot read ${typeof time === 'number' ? time : JSON.stringify(time)}`, () => {
      assert.equal(momentOf(time), undefined)
    })
  }

  it('reads a date without zone as UTC, whatever the zone of the machine', (t) => {
    const zone = process.env.TZ
    t.after(() => {
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    })

    for (const elsewhere of ['America/New_York', 'Asia/Kolkata']) {
      process.env.TZ = elsewhere

      assert.notEqual(new Date(NOON).getHours(), 12)
      assert.equal(momentOf('2021-08-07T12:00:00'), NOON)
      assert.equal(momentOf('2021-08-07 12:00:00 UTC'), NOON)
    }
  })

  it('reads what a Date writes, to the millisecond', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
        (date) => {
          assert.equal(momentOf(date.toISOString()), date.getTime())
        },
      ),
    )
  })
})

describe('a day of the calendar', () => {
  for (const day of ['2026-01-01', '2026-02-28', '2024-02-29', '2000-02-29', '2026-12-31']) {
    it(`is ${day}`, () => {
      assert.ok(isCalendarDay(day))
    })
  }

  for (const day of ['2026-02-29', '2026-02-30', '1900-02-29', '2026-04-31']) {
    it(`is not ${day}`, () => {
      assert.ok(!isCalendarDay(day))
    })
  }
})
