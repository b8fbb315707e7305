import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { mayLoseNumbers } from '../../../../src/transform/mapping/expressions/exact-numbers.ts'

/** The numbers that a double may round, as one reads them. */
const LOSING = /\d[\d.]{16}|9\d{15}|\d{16}[eE]|[eE][+-]?\d{3}/

describe('a text in which JSON.parse may round a number', () => {
  for (const number of [
    '9007199254740993',
    '12345678901234567',
    '-1234567890.1234567',
    '0.1234567890123456',
    '1234567890123456e1',
    '1234567890123456E1',
    '1e400',
    '1E-400',
    '1e+308',
  ]) {
    it(`has ${number}, wherever it stands`, () => {
      for (let before = 0; before < 40; before++) {
        assert.ok(mayLoseNumbers(`${' '.repeat(before)}[${number},"x"]`), String(before))
      }
      assert.ok(mayLoseNumbers(number))
    })
  }

  for (const text of [
    '1795510798000000',
    '[1795510798000000,1795510798000000]',
    '{"a":123456789012345,"b":123456789012345}',
    '0.12345678901234',
    '1.5e10',
    '{"id":"0e12-4e56"}',
    `{"text":"${'x'.repeat(100)}"}`,
    '',
  ]) {
    it(`has none of those in ${text}`, () => {
      assert.ok(!mayLoseNumbers(text))
    })
  }

  it('is found whatever stands around the number', () => {
    const unit = fc.constantFrom('0', '1', '9', '9', '.', 'e', 'E', '+', '-', ',', 'x')
    const texts = fc.string({ unit, minLength: 16, maxLength: 60 })

    fc.assert(
      fc.property(texts, (text) => {
        if (LOSING.test(text)) assert.ok(mayLoseNumbers(text))
      }),
      { numRuns: 5_000 },
    )
  })
})
