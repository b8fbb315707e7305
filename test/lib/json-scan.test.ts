import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { elementsOf, isNestedDeeperThan } from '../../src/lib/json-scan.ts'
import { jsonArrayText } from './json-texts.ts'

describe('elementsOf', () => {
  it('gives the raw text of each element, without the space around it', () => {
    const elements = elementsOf(' [ {"a": [1, "]"]} ,"\\\\\\",",12345678901234567890\n] ')

    assert.deepEqual(elements, ['{"a": [1, "]"]}', '"\\\\\\","', '12345678901234567890'])
  })

  it('gives none for an empty array', () => {
    assert.deepEqual(elementsOf('[ \n ]'), [])
  })

  it('agrees with JSON.parse about every array', () => {
    fc.assert(
      fc.property(jsonArrayText, (text) => {
        const elements = elementsOf(text)

        assert.deepEqual(elements.map(parse), parse(text))
        assert.ok(elements.every((element) => element === element.trim()))
      }),
    )
  })
})

describe('isNestedDeeperThan', () => {
  it('counts the levels of arrays and objects', () => {
    assert.equal(isNestedDeeperThan(3, '[{"a":[]},[[]]]'), false)
    assert.equal(isNestedDeeperThan(2, '[{"a":[]},[[]]]'), true)
  })

  it('counts no bracket inside a string', () => {
    assert.equal(isNestedDeeperThan(1, '["[[[\\"[[[", "{{{"]'), false)
  })

  it('comes to an end on any text', () => {
    const text = fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', 'x') })

    fc.assert(
      fc.property(text, (broken) => {
        assert.equal(isNestedDeeperThan(broken.length, broken), false)
      }),
    )
  })
})

function parse(text: string): unknown {
  return JSON.parse(text)
}
