import assert from 'node:assert/strict'
import { it } from 'node:test'
import { median, spread } from '../../bench/speed/measure.ts'

it('the median is the middle one, in whatever order they come', () => {
  assert.equal(median([9, 1, 5]), 5)
})

it('the spread is half the distance between the quartiles, as a share of the median', () => {
  assert.equal(spread([10, 10, 10]), 0)
  assert.equal(spread([8, 12, 10, 9, 11]), (11 - 9) / 2 / 10)
})
