import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  elementsOfArray,
  elementsOfLines,
  type JsonElements,
} from '../../../src/local/mixpanel/json-elements.ts'

const blanks = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
const elementTexts = fc.array(fc.json(), { maxLength: 6 })

describe('the elements of an array', () => {
  it('are the texts between its commas, byte for byte, whatever they hold', () => {
    fc.assert(
      fc.property(elementTexts, blanks, (texts, blank) => {
        const body = `${blank}[${texts.map((text) => blank + text + blank).join(',')}${blank}]${blank}`

        assert.deepEqual(textsOf(elementsOfArray(Buffer.from(body))), texts)
      }),
    )
  })

  it('are found whatever quotes, brackets, commas and backslashes their strings hold', () => {
    const texts = [String.raw`{"a":"]},[{\"\\"}`, String.raw`"\\"`, '["x,y",[1,2]]']

    assert.deepEqual(textsOf(elementsOfArray(Buffer.from(`[${texts.join(',')}]`))), texts)
  })

  it('say where in the body they begin', () => {
    const found = elementsOfArray(Buffer.from('[{"é":1}, {"b":2}]'))

    assert.deepEqual(
      found.kind === 'elements' && found.elements.map(({ offset }) => offset),
      [1, 11],
    )
  })

  const broken = [
    { what: 'an empty body', body: '', index: 0, offset: 0, reason: 'EOF' },
    { what: 'a lone object', body: '{"a":1}', index: 0, offset: 0, reason: 'expected an array' },
    { what: 'a lone bracket', body: '[', index: 0, offset: 1, reason: 'unexpected EOF' },
    {
      what: 'a cut-off object',
      body: '[{"a":1},{"b',
      index: 1,
      offset: 9,
      reason: 'unexpected EOF',
    },
    { what: 'a cut-off escape', body: '["a\\', index: 0, offset: 1, reason: 'unexpected EOF' },
    { what: 'an array left open', body: '[{"a":1}', index: 0, offset: 1, reason: 'unexpected EOF' },
    {
      what: 'text behind the array',
      body: '[{"a":1}] x',
      index: 1,
      offset: 10,
      reason: 'invalid character after top-level value',
    },
  ]
  for (const { what, body, index, offset, reason } of broken) {
    it(`end at the place where ${what} cannot be read on`, () => {
      const read = elementsOfArray(Buffer.from(body))

      assert.partialDeepStrictEqual(read, { kind: 'broken', offset, reason })
      assert.equal(read.kind === 'broken' && read.ahead.length, index)
    })
  }
})

describe('the elements of NDJSON', () => {
  it('are its lines, without blank ones and carriage returns', () => {
    const body = '\n{"a":1}\r\n\r\n  {"b":"x y"} \n{"c":3}'

    assert.deepEqual(textsOf(elementsOfLines(Buffer.from(body))), [
      '{"a":1}',
      '{"b":"x y"}',
      '{"c":3}',
    ])
  })
})

function textsOf(found: JsonElements): readonly string[] {
  assert.ok(found.kind === 'elements', `not ${found.kind}`)
  return found.elements.map(({ bytes }) => bytes.toString())
}
