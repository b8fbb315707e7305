import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJson } from '../../src/decode/parse-line.ts'

const KIB = 1024
const MIB = 1024 * KIB

describe('a JSON text', () => {
  for (const [what, text, kind] of [
    ['of 64 KiB nests as deeply as it likes', nested(32 * KIB), 'json'],
    ['of more nests a thousand levels deep', padded(nested(1_000)), 'json'],
    ['of more that nests a level deeper is not parsed', padded(nested(1_001)), 'too_deep'],
    ['has 131072 values', arrayOf(131_071), 'json'],
    ['of one value more is not parsed', arrayOf(131_072), 'too_large'],
    ['has four mebibytes', `"${'x'.repeat(4 * MIB - 2)}"`, 'json'],
    ['of one byte more is not parsed', `"${'x'.repeat(4 * MIB - 1)}"`, 'too_large'],
    ['may be none', '{"event":', 'not_json'],
  ] as const) {
    it(what, () => assert.equal(parseIn(text).kind, kind))
  }

  it('is the part of a body from its start up to its end', () => {
    const body = { bytes: Buffer.from('[1,{"a":2}]'), isUtf8: true }

    assert.deepEqual(parseJson(body, 3, 10), { kind: 'json', value: { a: 2 } })
  })

  it('is asked for UTF-8 where its body is not: that part, and no other', () => {
    const body = { bytes: Buffer.from('"\xe9","e"', 'latin1'), isUtf8: false }

    assert.deepEqual(parseJson(body, 0, 3), { kind: 'not_utf8' })
    assert.deepEqual(parseJson(body, 4, 7), { kind: 'json', value: 'e' })
  })
})

/** Parses what follows two bytes of another line. */
function parseIn(text: string) {
  const bytes = Buffer.from(`1\n${text}`)
  return parseJson({ bytes, isUtf8: true }, 2, bytes.length)
}

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels)
}

/** So long that it is weighed before it is parsed. */
function padded(text: string): string {
  return text.padEnd(64 * KIB + 1)
}

function arrayOf(count: number): string {
  return `[${'1,'.repeat(count - 1)}1]`
}
