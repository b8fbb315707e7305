import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { jsonFaultIn } from '../../../src/cli/check/json-fault.ts'

describe('the place of a fault in JSON', () => {
  const FAULTS: readonly (readonly [text: string, at: number | undefined])[] = [
    ['{"a":1}', undefined],
    [' [1, 2.5e-3, "x\\u00e9", null, true] ', undefined],
    ['', 0],
    ['{"a":}', 5],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ["{'a':1}", 1],
    ['{"a":1} {"b":2}', 8],
    ['{"a":01}', 5],
    ['{"a":NaN}', 5],
    ['{"a":1]', 6],
    ['[1,]', 3],
    ['{"a":"x\ny"}', 7],
    ['{"a":"\\q"}', 6],
    ['{"a":"x', 7],
    ['{"a":[1', 7],
    ['\0\0', 0],
  ]
  for (const [text, at] of FAULTS) {
    it(`finds ${at === undefined ? 'no fault' : `the fault at ${at}`} in ${JSON.stringify(text)}`, () => {
      assert.equal(jsonFaultIn(text), at)
    })
  }

  it('finds no fault in JSON, of any value', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(3), (text, indent) => {
        assert.equal(jsonFaultIn(JSON.stringify(JSON.parse(text), undefined, indent)), undefined)
      }),
    )
  })

  it('finds a fault in each text that JSON.parse refuses, and in no other', () => {
    const mutated = fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...'{}[],:"\\ 0-.e\u0000é'))

    fc.assert(
      fc.property(mutated, ([text, place, character]) => {
        const at = place % (text.length + 1)
        const broken = `${text.slice(0, at)}${character}${text.slice(at + 1)}`
        assert.equal(jsonFaultIn(broken) === undefined, isJson(broken), broken)
      }),
      { numRuns: 2_000 },
    )
  })

  it('finds the fault of a text that is cut off at its end', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (value, place) => {
        const text = JSON.stringify(value)
        const cut = text.slice(0, place % text.length)
        const at = jsonFaultIn(cut) ?? -1
        assert.ok(at === cut.length || /^[\d.\-+eE\\utrfalsn"]/.test(cut.slice(at)), cut)
      }),
    )
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
