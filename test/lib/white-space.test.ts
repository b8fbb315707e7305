import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  contentFrom,
  findTrimmedEnd,
  spaceIn,
  trimmedEndInTurns,
} from '../../src/lib/white-space.ts'

describe('white space in UTF-8', () => {
  it('is what String.prototype.trim takes away, for every character', () => {
    for (let code = 1; code <= 0x1_ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const char = String.fromCodePoint(code)
      const bytes = Buffer.from(char)

      const expected = char.trim() === '' ? bytes.length : 0

      assert.equal(spaceIn(bytes, 0), expected, code.toString(16))
      assert.equal(
        bytes.length - findTrimmedEnd(bytes, 0, bytes.length),
        expected,
        code.toString(16),
      )
    }
  })

  it('is taken off the end of a text, as String.prototype.trimEnd does', () => {
    const unit = fc.constantFrom(
      ' ',
      '\t',
      '\r\n',
      '\u00a0',
      '\u2003',
      '\ufeff',
      'é',
      'x',
      '\u3001',
    )

    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const bytes = Buffer.from(text)

        const end = findTrimmedEnd(bytes, 0, bytes.length)

        assert.equal(bytes.toString('utf8', 0, end), text.trimEnd())
      }),
    )
  })

  it('is taken off in turns where there is much of it, as at once', () => {
    const much = 600_000
    for (const [space, bytes] of [
      [' ', 1],
      ['\u00a0', 2],
      ['\u2003', 3],
    ] as const) {
      for (const before of ['', 'x', 'é', 'ab']) {
        const text = Buffer.from(before + space.repeat(much / bytes))

        const { turns, end } = inTurns(trimmedEndInTurns(text, 0, text.length))

        assert.equal(end, Buffer.byteLength(before))
        assert.ok(turns >= 2)
        assert.equal(inTurns(contentFrom(text, end)).end, text.length)
        assert.ok(inTurns(contentFrom(text, end)).turns >= 2)
      }
    }
  })

  it('ends where the text begins', () => {
    assert.equal(findTrimmedEnd(Buffer.from('a   b'), 2, 4), 2)
  })

  it('is not the half of a character', () => {
    assert.equal(spaceIn(Uint8Array.of(0xc2), 0), 0)
    assert.equal(spaceIn(Uint8Array.of(0xe2, 0x80), 0), 0)
    assert.equal(findTrimmedEnd(Uint8Array.of(0xa0), 0, 1), 1)
  })
})

function inTurns(generator: Generator<void, number>): { turns: number; end: number } {
  for (let turns = 0; ; turns += 1) {
    const { done, value } = generator.next()
    if (done) return { turns, end: value }
  }
}
