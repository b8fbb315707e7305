import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseLine } from '../../src/decode/parse-line.ts'
import type { Body } from '../../src/model/event.ts'

const MIB = 1024 * 1024
const TAB_SEPARATED =
  'line 7 is tab-separated, as Snowplow Enrich writes events: put Snowbridge with ' +
  'spEnrichedToJson in front of the topic, which makes JSON of them'

describe('a line of a body for whose long lines no letter has room', () => {
  for (const [what, bytes, isTooLong, isCut] of [
    ['a common one is as ever', MIB - 1, undefined, true],
    ['a long one is too long for a letter, and keeps its text', MIB, true, true],
    ['one as long as is parsed keeps its text', 4 * MIB, true, true],
    ['a longer one has no text', 4 * MIB + 1, true, false],
  ] as const) {
    it(what, () => {
      const { line } = read({ bytes: Buffer.alloc(bytes, 'x'), isUtf8: true, isTight: true })

      assert.equal(line.isTooLong, isTooLong)
      assert.equal(line.text.length, isCut ? bytes : 0)
    })
  }

  it('has no bytes for a letter, when it is long and not UTF-8', () => {
    const bytes = Buffer.alloc(MIB, 0xff)

    const tight = read({ bytes, isUtf8: false, isTight: true })
    const roomy = read({ bytes, isUtf8: false })

    assert.equal(tight.line.data, undefined)
    assert.equal(roomy.line.data, bytes.toString('base64'))
    assert.equal(roomy.line.isTooLong, undefined)
  })
})

describe('a line that is not read', () => {
  for (const [text, isUtf8, reason, detail] of [
    ['caf\xe9', false, 'unreadable_data', 'line 7 is not UTF-8'],
    ['no JSON', true, 'invalid_json', 'line 7 is not JSON'],
    [`shop${'\tx'.repeat(99)}`, true, 'invalid_json', 'line 7 is not JSON'],
    [`shop${'\tx'.repeat(130)}`, true, 'invalid_json', TAB_SEPARATED],
    [`shop${'\t'.repeat(99)}\tx`, true, 'invalid_json', TAB_SEPARATED],
    ['['.repeat(70_000), true, 'invalid_json', 'line 7 nests deeper than any event'],
    [
      ' '.repeat(4 * MIB + 1),
      true,
      'too_large',
      'line 7 has more than 4194304 bytes or 131072 values, which this service does not parse',
    ],
  ] as const) {
    it(`says which, and why: ${text.slice(0, 20)} ${text.length}, ${detail}`, () => {
      const { parsed } = read({ bytes: Buffer.from(text, 'latin1'), isUtf8 })

      assert.deepEqual(parsed, { kind: 'rejected', reason, detail })
    })
  }

  it('is rejected for what was found before', () => {
    const bytes = Buffer.from('{"event":"a"}')
    const parsed = { kind: 'rejected', reason: 'invalid_json', detail: 'cut off' } as const

    const line = parseLine(
      { bytes, isUtf8: true },
      { number: 2, start: 1, end: 8, parsed, isRest: true },
    )

    assert.deepEqual(line, { line: { number: 2, text: '"event"', isRest: true }, parsed })
  })
})

it('a line whose text and content are known has the number of its place', () => {
  const body = { bytes: Buffer.from('{"a":1}'), isUtf8: true }
  const parsed = { kind: 'json', value: { a: 1 } } as const

  const line = parseLine(body, { number: 7, start: 0, end: 7, text: '{"a":1}', parsed })

  assert.deepEqual(line, { line: { number: 7, text: '{"a":1}' }, parsed })
})

/** Reads a line that follows two bytes of another. */
function read({ bytes, ...body }: Body) {
  const all = Buffer.concat([Buffer.from('1\n'), bytes])
  return parseLine({ bytes: all, ...body }, { number: 7, start: 2, end: all.length })
}
