import assert from 'node:assert/strict'
import { it } from 'node:test'
import { FLOODS } from '../../../bench/speed/peak-memory.ts'

it('a flood of 12 MB is one, whatever it is made of', () => {
  const large = FLOODS.filter(({ what }) => what.includes('12 MB'))

  assert.equal(large.length, 2)
  for (const { what, template } of large) {
    const { before, between, after } = template()
    const bytes = before.length + between.length + after.length
    assert.ok(bytes > 11.7e6 && bytes < 12.3e6, `${what}: ${bytes} bytes`)
  }
})
