import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isObject } from '../../../src/lib/json/is-object.ts'

describe('a JSON object', () => {
  for (const [value, is] of [
    [{}, true],
    [[], false],
    [null, false],
    ['{}', false],
    [1, false],
  ] as const) {
    it(`${is ? 'is' : 'is not'} ${JSON.stringify(value)}`, () => assert.equal(isObject(value), is))
  }
})
