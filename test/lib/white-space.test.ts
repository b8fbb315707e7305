import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { spaceIn, trimmedEndIn } from '../../src/lib/white-space.ts'

describe('white space in UTF-8', () => {
  it('is what String.prototype.trim takes away, for every character', () => {
    for (let code = 1; code <= 0x1_ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const char = String.fromCodePoint(code)
      const bytes = Buffer.from(char)

      const expected = char.trim() === '' ? bytes.length : 0

      assert.equal(spaceIn(bytes, 0), expected, code.toString(16))
      assert.equal(bytes.length - trimmedEndIn(bytes, 0, bytes.length), expected, code.toString(16))
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

        const end = trimmedEndIn(bytes, 0, bytes.length)

        assert.equal(bytes.toString('utf8', 0, end), text.trimEnd())
      }),
    )
  })

  it('ends where the text begins', () => {
    assert.equal(trimmedEndIn(Buffer.from('a   b'), 2, 4), 2)
  })

  it('is not the half of a character', () => {
    assert.equal(spaceIn(Uint8Array.of(0xc2), 0), 0)
    assert.equal(spaceIn(Uint8Array.of(0xe2, 0x80), 0), 0)
    assert.equal(trimmedEndIn(Uint8Array.of(0xa0), 0, 1), 1)
  })
})
