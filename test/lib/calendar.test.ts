import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCalendarDay } from '../../src/lib/calendar.ts'

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
