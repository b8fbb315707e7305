import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPaint } from '../../../src/cli/frame/paint.ts'

const RED = '\u001b[31mx\u001b[39m'

describe('a coloured text', () => {
  for (const [shown, isTerminal, env] of [
    [RED, true, {}],
    [RED, true, { NO_COLOR: '' }],
    ['x', true, { NO_COLOR: '1' }],
    ['x', true, { TERM: 'dumb' }],
    ['x', false, {}],
    ['x', false, { FORCE_COLOR: '1' }],
  ] as const) {
    it(`is ${JSON.stringify(shown)} on a ${isTerminal ? 'terminal' : 'file'} with ${JSON.stringify(env)}`, () => {
      assert.equal(createPaint({ isTerminal }, { env })('red', 'x'), shown)
    })
  }
})
