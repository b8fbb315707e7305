import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createCountMin } from '../../../../src/cli/check/count-min.ts'

it('a count-min sketch counts a key among a million others to the hundred', () => {
  const { add } = createCountMin()
  for (let n = 0; n < 500_000; n += 1) add(`20000 user-${n}`)
  for (let n = 0; n < 500_000; n += 1) add(`20001 ${(n * 2_654_435_761).toString(16)}`)

  let count = 0
  for (let n = 0; n < 1_000; n += 1) count = add('20000 the-hot-one')

  assert.ok(count >= 1_000 && count < 1_100, `${count}`)
})
