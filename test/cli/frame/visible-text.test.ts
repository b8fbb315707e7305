import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { visibleJson, visibleText } from '../../../src/cli/frame/visible-text.ts'
import { ANY_CHARACTER, anyText } from '../../helpers/any-text.ts'

describe('a text from an event', () => {
  for (const [text, shown] of [
    ['Größe "5" € 日本 é 🙂', 'Größe "5" € 日本 é 🙂'],
    ['a\r\n\tb', String.raw`a\r\n\tb`],
    ['\u0000\u001b[2J\u007f\u0085\u009b', String.raw`\u0000\u001b[2J\u007f\u0085\u009b`],
    ['\u202etxt.exe\u2066\u200f\u061c', String.raw`\u202etxt.exe\u2066\u200f\u061c`],
    ['pay\u200bpal\u2060\ufeff\u00ad', String.raw`pay\u200bpal\u2060\ufeff\u00ad`],
    ['a\u2028b\u2029', String.raw`a\u2028b\u2029`],
    ['\u{e0041}\u3164\u115f', String.raw`\u{e0041}\u3164\u115f`],
    ['\ud83d', String.raw`\ud83d`],
  ] as const) {
    it(`is shown with its invisible characters escaped: ${shown}`, () => {
      assert.equal(visibleText(text), shown)
    })
  }

  it('has no character left that a terminal obeys or hides', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        assert.doesNotMatch(visibleText(text), /\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u)
      }),
    )
  })
})

describe('a value from an event, in JSON', () => {
  it('is the same value, without a character that a terminal obeys or hides', () => {
    const value = fc.jsonValue({ stringUnit: ANY_CHARACTER })
    const hidden = fc.constantFrom('\u202e', '\u200b', '\u009b', '\u{e0041}', '\ud83d')

    fc.assert(
      fc.property(value, hidden, (inner, text) => {
        const shown = visibleJson({ inner, [text]: text })

        assert.deepEqual(JSON.parse(shown), JSON.parse(JSON.stringify({ inner, [text]: text })))
        assert.doesNotMatch(shown, /\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u)
      }),
    )
  })
})
