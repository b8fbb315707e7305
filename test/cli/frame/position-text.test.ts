import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { positionText } from '../../../src/cli/frame/position-text.ts'

describe('a position', () => {
  for (const [position, text] of [
    [{ file: 'a.ndjson', line: 3, column: 14 }, 'a.ndjson:3:14'],
    [{ file: 'a.ndjson', line: 3 }, 'a.ndjson:3'],
    [{ file: 'a.ndjson' }, 'a.ndjson'],
    [{ file: 'a\nb', line: 1 }, String.raw`a\nb:1`],
  ] as const) {
    it(`is ${text}`, () => {
      assert.equal(positionText(position), text)
    })
  }
})
