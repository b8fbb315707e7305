import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BAD_ID } from '../../src/lib/bad-id.ts'
import { BAD_IDS } from '../prepare/events.ts'

describe('a bad id', () => {
  it('is a placeholder in any case', () => {
    for (const id of BAD_IDS) {
      assert.match(id, BAD_ID)
      assert.match(id.toUpperCase(), BAD_ID)
    }
  })

  it('is no id that only begins or ends with one, or has a line of its own for it', () => {
    const ids = BAD_IDS.flatMap((id) => [`${id}1`, `1${id}`, `${id}\n`, `1\n${id}`])
    // Two of these are placeholders by themselves.
    for (const id of ids.filter((one) => !BAD_IDS.includes(one))) assert.doesNotMatch(id, BAD_ID)
  })

  it('is no text that a pattern without escapes would match', () => {
    for (const id of ['', '[', '{', 'n\\/a', 'x'.repeat(1_000_000)]) assert.doesNotMatch(id, BAD_ID)
  })
})
