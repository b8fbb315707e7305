import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  exactNumber,
  mayLoseNumbers,
} from '../../../../src/transform/mapping/expressions/exact-numbers.ts'
import { parseExactly } from '../../../../src/transform/mapping/expressions/parse-exactly.ts'

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

describe('exact numbers', () => {
  const BIG = '9007199254740993'
  const big = 9_007_199_254_740_993n

  for (const [json, value] of [
    [BIG, big],
    [` \n${BIG} `, big],
    [`[${BIG}]`, [big]],
    [`[ ]`, []],
    [
      `[1, [], {}, { }, [${BIG}], "${BIG}", true, false, null, ${BIG}]`,
      [1, [], {}, {}, [big], BIG, true, false, null, big],
    ],
    [`{"a" : {"b": [ {"c":${BIG}} ] } , "d":${BIG}\t}`, { a: { b: [{ c: big }] }, d: big }],
    [`{"\\u0061\\"":${BIG},"b":"\\"${BIG}","":${BIG}}`, { 'a"': big, b: `"${BIG}`, '': big }],
    [`{"__proto__":${BIG}}`, JSON.parse('{"__proto__":null}', () => ({ ['__proto__']: big }))],
    [`{"1":${BIG},"0":1}`, { 0: 1, 1: big }],
  ] as const) {
    it(`stand where the text has them: ${JSON.stringify(json)}`, () => {
      assert.deepEqual(parseExactly(json), value)
    })
  }

  for (const [json, value] of [
    [`{"a":${BIG},"a":1}`, { a: 1 }],
    [`{"a":1,"a":${BIG}}`, { a: big }],
    [`{"a":${BIG},"a":9007199254740992}`, { a: big - 1n }],
    [`{"a":9007199254740993,"a":"${BIG}"}`, { a: BIG }],
    [`{"a":{"b":${BIG}},"a":{"b":2}}`, { a: { b: 2 } }],
    [`{"a":[${BIG}],"a":"x"}`, { a: 'x' }],
    [`{"a":{"b":${BIG}},"a":null,"c":${BIG}}`, { a: null, c: big }],
    [`{"a":1e400,"a":{"b":1e400},"a":[2]}`, { a: [2] }],
  ] as const) {
    it(`are those of the last of equal keys: ${json}`, () => {
      assert.deepEqual(parseExactly(json), value)
    })
  }

  it('are those that a reviver of JSON.parse makes, in any JSON', () => {
    const numeral = fc.constantFrom(BIG, '1', '-0.5', '1e400', '1E2', '0.12345678901234567890')
    const space = fc.constantFrom('', '', ' ', '\n\t')
    const { value } = fc.letrec((tie) => ({
      value: fc
        .tuple(
          space,
          fc.oneof(
            { depthSize: 'small' },
            numeral,
            fc.constantFrom('null', 'true', '"]\\","', '""'),
            fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join()}]`),
            fc
              .array(fc.tuple(fc.constantFrom('a', 'b', '\\u0061', '__proto__'), tie('value')))
              .map((all) => all.filter(([key], at) => all.findIndex(([one]) => one === key) === at))
              .map((all) => `{${all.map(([key, item]) => `"${key}x":${item}`).join()}}`),
          ),
          space,
        )
        .map((parts) => parts.join('')),
    }))

    fc.assert(
      fc.property(value.map(String), (json) => {
        const revive = (_key: string, one: unknown, ...rest: readonly unknown[]) =>
          typeof one === 'number' ? exactNumber(one, sourceIn(rest[0])) : one
        const revived: unknown = JSON.parse(json, revive)
        assert.deepEqual(parseExactly(json), revived)
      }),
      { numRuns: 500 },
    )
  })
})

function sourceIn(context: unknown): string {
  assert.ok(typeof context === 'object' && context !== null && 'source' in context)
  return String(context.source)
}
