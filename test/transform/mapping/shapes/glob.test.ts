import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matchesGlob } from '../../../../src/transform/mapping/shapes/glob.ts'

describe('a pattern of names', () => {
  for (const [pattern, fitting, others] of [
    ['tenant', ['tenant'], ['', 'tenan', 'tenants', 'x-tenant']],
    ['ce-*', ['ce-', 'ce-id'], ['ce', 'x-ce-id']],
    ['*-id', ['-id', 'ce-id', 'id-id'], ['id', 'ce-id-']],
    ['a*b', ['ab', 'aab', 'aabb', 'acb'], ['a', 'b', 'aba']],
    ['a*b*c', ['abc', 'abbcc', 'a-b-b-c'], ['acb', 'ab', 'abca']],
    ['*', ['', 'a'], []],
    ['**', ['', 'a'], []],
    ['', [''], ['a']],
  ] as const) {
    it(`fits ${JSON.stringify(pattern)}`, () => {
      const fits = (name: string) => matchesGlob(name, pattern)

      assert.deepEqual(fitting.filter(fits), fitting)
      assert.deepEqual(others.filter(fits), [])
    })
  }
})
