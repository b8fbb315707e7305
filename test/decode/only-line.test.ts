import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findOnlyLine } from '../../src/decode/parse-line.ts'

const KIB = 1024

describe('the only line of a text', () => {
  for (const [what, text, isFound] of [
    ['is found in 20 KiB', `{"a":"${'x'.repeat(20 * KIB - 8)}"}`, true],
    ['is not looked for in more', `{"a":"${'x'.repeat(20 * KIB - 7)}"}`, false],
    ['is found without the white space after it', '{"a":1} \t\r', true],
    ['is not found where a line follows', '{"a":1}\n', false],
    ['is not found where it begins with no brace', ' {"a":1}', false],
    ['is not found where it is broken', '{"a":1', false],
  ] as const) {
    it(what, () => {
      const found = findOnlyLine({ bytes: Buffer.from(text), isUtf8: true })

      assert.equal(found !== undefined, isFound)
      if (!found) return
      const trimmed = text.trimEnd()
      const known = { text: trimmed, parsed: { kind: 'json', value: JSON.parse(text) } }
      assert.deepEqual([...found], [{ number: 1, start: 0, end: trimmed.length, ...known }])
    })
  }

  it('is not found in bytes that are not UTF-8', () => {
    const bytes = Buffer.from('{"a":"\xff"}', 'latin1')

    assert.equal(findOnlyLine({ bytes, isUtf8: false }), undefined)
  })

  it('comes with its text and value the first time only', () => {
    const found = findOnlyLine({ bytes: Buffer.from('{"a":1}'), isUtf8: true }) ?? []
    const place = { number: 1, start: 0, end: 7 }

    const known = { text: '{"a":1}', parsed: { kind: 'json', value: { a: 1 } } }
    assert.deepEqual([...found], [{ ...place, ...known }])
    assert.deepEqual([...found], [place])
  })
})
