import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { elementsIn, endOfNestedIn, skipSpaceIn, valuesIn } from '../../src/lib/json-bytes.ts'
import { jsonArrayText, jsonObjectText } from './json-texts.ts'

const bytesOf = (text: string) => Buffer.from(text)

describe('the structure of JSON in bytes', () => {
  it('ends where the bracket closes that opened it', () => {
    fc.assert(
      fc.property(fc.oneof(jsonArrayText, jsonObjectText), (text) => {
        const bytes = bytesOf(text)

        assert.equal(endOfNestedIn(bytes, skipSpaceIn(bytes, 0)), bytesOf(text.trimEnd()).length)
      }),
    )
  })

  for (const text of ['[', '[[]', '{"a":"]}"', '{"a":"\\"}', '["\\']) {
    it(`has no end in ${text}`, () => {
      assert.equal(endOfNestedIn(bytesOf(text), 0), -1)
    })
  }

  it('has the elements of an array, each JSON', () => {
    fc.assert(
      fc.property(jsonArrayText, (text) => {
        const bytes = bytesOf(text)

        const texts = [...elementsIn(bytes, skipSpaceIn(bytes, 0))].map(({ start, end }) =>
          bytes.toString('utf8', start, end),
        )

        assert.deepEqual(
          texts.map((element) => JSON.parse(element)),
          JSON.parse(text),
        )
      }),
    )
  })

  it('shows where an element is missing', () => {
    for (const text of ['[1,]', '[,1]', '[1,,2]', '[,]']) {
      const spans = [...elementsIn(bytesOf(text), 0)]

      assert.ok(
        spans.some(({ start, end }) => start === end),
        text,
      )
    }
  })

  it('has about as many values as commas and brackets', () => {
    const bytes = bytesOf('[1,{"a":[2,3]}]')

    assert.equal(valuesIn(bytes, { start: 0, end: bytes.length }), 5)
  })

  it('is read to an end, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        for (const { start, end } of elementsIn(bytes, 0)) assert.ok(start <= end)
        assert.ok(endOfNestedIn(bytes, 0) <= bytes.length)
      }),
    )
  })
})
