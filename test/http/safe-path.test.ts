import assert from 'node:assert/strict'
import { it } from 'node:test'
import { bearsToken, safePathOf } from '../../src/http/safe-path.ts'

for (const [what, url, path] of [
  ['control characters', '/a\u0000\u001b[31m\u007f\n', 'POST /a%00%1B[31m%7F%0A'],
  ['characters that turn a text around', '/a\u202e\u0085', 'POST /a%E2%80%AE%C2%85'],
  ['half a character', '/a\ud800', 'POST /a%EF%BF%BD'],
] as const) {
  it(`a path in a log line holds no ${what}`, () => {
    assert.equal(safePathOf({ method: 'POST', url }), path)
  })
}

it('a bearer token is known by its scheme, whatever its case', () => {
  assert.equal(bearsToken({ headers: { authorization: 'bearer x' } }), true)
  assert.equal(bearsToken({ headers: { authorization: 'Basic x' } }), false)
  assert.equal(bearsToken({ headers: {} }), false)
})
