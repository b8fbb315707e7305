import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isRawNumber } from '../../../../src/transform/mapping/expressions/exact-numbers.ts'
import { celValueOf, writeJson } from '../../../../src/transform/mapping/expressions/values.ts'
import { anyText } from '../../../helpers/any-text.ts'
import { celValue, scopeOf } from './expressing.ts'

/** Reads a JSON text as an expression sees it, and writes it again. */
function throughCel(json: string): string {
  return writeJson(celValueOf(JSON.parse(json), json))
}

describe('a number of JSON', () => {
  for (const number of [
    '0',
    '12.5',
    '-1',
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '123456789012345678901234567890',
    '9223372036854775808',
    '1e400',
    '-1e400',
    '1e-400',
    '0.1234567890123456789',
    '123456789.123456789',
    '12345678901234567e-3',
    '1.7976931348623157e+309',
    '1234567890123456.7',
    '8999999999999999.1',
    '8000000000000008e23',
    '1002000000000000000001.5',
    '0.00001234567890123456789',
    `1${'0'.repeat(200)}`,
    `0.${'0'.repeat(400)}1`,
  ]) {
    it(`survives to the last digit: ${number.slice(0, 40)}`, () => {
      assert.equal(throughCel(`{"a":[${number}]}`), `{"a":[${number}]}`)
      assert.equal(writeJson(celValue('data.a', scopeOf(`{"a":[${number}]}`))), `[${number}]`)
      assert.equal(writeJson(celValue('[data.a]', scopeOf(`{"a":${number}}`))), `[${number}]`)
    })
  }

  for (const [number, written] of [
    ['1.0', '1'],
    ['1.50', '1.5'],
    ['1.00000000000000000', '1'],
    ['100e-2', '1'],
    ['1e21', '1e+21'],
    ['1E+0003', '1000'],
    ['1e0000003', '1000'],
    ['0e999', '0'],
    ['-0', '0'],
    ['0.00000000000000000', '0'],
    ['1.7976931348623157e308', '1.7976931348623157e+308'],
    ['5e-324', '5e-324'],
    ['0.1000000000000000000', '0.1'],
  ] as const) {
    it(`may change its form, and not its value: ${number}`, () => {
      assert.equal(throughCel(number), written)
    })
  }

  it('is a bigint past 2^53, and a raw number when a double and a bigint cannot hold it', () => {
    assert.equal(celValueOf(0, '9007199254740992'), 9_007_199_254_740_992n)
    assert.equal(celValueOf(0, `-${'9'.repeat(99)}`), -BigInt('9'.repeat(99)))
    assert.ok(isRawNumber(celValueOf(0, '9'.repeat(101))))
    assert.ok(isRawNumber(celValueOf(0, '0.1234567890123456789')))
  })

  it('is left as JSON.parse made it when no number of the text can be lost', () => {
    const json =
      '{"micros":1795510798000000,"most":8999999999999999,"day":"2026-11-24","pi":3.14159265358979}'
    const value = JSON.parse(json)

    assert.equal(celValueOf(value, json), value)
  })
})

/** Numbers as people and databases write them. */
const numeral = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(...[16n, 17n, 40n].map((digits) => fc.bigInt(0n, 10n ** digits))).map(String),
    fc.option(fc.oneof(fc.stringMatching(/^\d{1,3}$/), fc.stringMatching(/^\d{1,30}$/))),
    fc.option(
      fc.tuple(
        fc.constantFrom('e', 'E'),
        fc.constantFrom('', '+', '-'),
        fc.oneof(fc.nat(30), fc.nat(500)),
      ),
    ),
  )
  .map(([sign, whole, fraction, exponent]) =>
    [sign, whole, fraction === null ? '' : `.${fraction}`, exponent?.join('') ?? ''].join(''),
  )

/** The sign, the digits and the power of ten of a numeral: its exact value. */
function exactly(text: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? assert.fail(text)
  const digits = BigInt(whole + fraction)
  if (digits === 0n) return '0'
  const [, significant = '', zeros = ''] = /^(\d*?)(0*)$/.exec(String(digits)) ?? []
  return `${sign}${significant}e${Number(exponent) - fraction.length + zeros.length}`
}

describe('any JSON', () => {
  it('keeps the value of each number', () => {
    fc.assert(
      fc.property(numeral, (text) => {
        assert.equal(exactly(throughCel(text)), exactly(text))
        assert.equal(exactly(String(celValue('string(data)', scopeOf(text)))), exactly(text))
      }),
      { numRuns: 500 },
    )
  })

  const hostileKey = fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'rawJSON',
    '0',
    'length',
    '',
  )
  const key = fc.oneof(hostileKey, anyText({ maxLength: 5 }))
  const { value: json } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('null', 'true', 'false', '"\\ud800"', '"\\udc00 \\u0000"'),
      numeral.filter((text) => JSON.stringify(Number(text)) === text || /^-?\d+$/.test(text)),
      anyText().map((text) => JSON.stringify(text)),
      fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join()}]`),
      fc
        .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 4, selector: ([name]) => name })
        .filter((members) => members.every(([name]) => !/^\d+$/.test(name)))
        .map(
          (members) =>
            `{${members.map(([name, member]) => `${JSON.stringify(name)}:${member}`).join()}}`,
        ),
    ),
  }))
  const text = json.map(String).filter((it) => !it.includes('-0'))

  it('comes out as it went in, with hostile keys and lone surrogates', () => {
    fc.assert(
      fc.property(text, (written) => {
        assert.equal(throughCel(written), written)
        const scope = scopeOf(`{"a":${written}}`)
        assert.equal(writeJson(celValue('data.a', scope)), written)
        assert.equal(writeJson(celValue('true ? data.a : null', scope)), written)
        assert.equal(writeJson(celValue('[data.a].map(x, x)[0]', scope)), written)
      }),
      { numRuns: 500 },
    )
  })

  it('is equal to itself, and to its copy', () => {
    fc.assert(
      fc.property(text, (written) => {
        const scope = scopeOf(`{"a":${written},"b":${written}}`)
        assert.equal(celValue('data.a == data.b && data.a in [data.b]', scope), true)
      }),
    )
  })
})

describe('a value that is nested deeply', () => {
  const nested = `${'{"a":['.repeat(500)}9007199254740993${']}'.repeat(500)}`

  it('comes out as it went in at a thousand levels', () => {
    assert.equal(throughCel(nested), nested)
    assert.equal(writeJson(celValue('true ? data : null', scopeOf(nested))), nested)
    assert.equal(celValue('data == data', scopeOf(nested)), true)
  })

  it('ends the evaluation alone when it is too deep for the stack', () => {
    let data: unknown = 1
    for (let depth = 0; depth < 100_000; depth++) data = [data]
    const scope = { data, attributes: {}, message: {}, line: 1 }

    for (const cel of [
      'true ? data : null',
      'data == data || true',
      '[1].exists(x, data == data)',
    ]) {
      assert.throws(() => celValue(cel, scope), {
        name: 'ExpressionError',
        message: /: the value is too large$/,
      })
    }
  })
})

describe('hostile keys', () => {
  const scope = scopeOf(
    '{"constructor":{"name":1},"__proto__":{"x":2},"toString":3,"valueOf":null,"length":4,"rawJSON":5,"hasOwnProperty":6,"0":7}',
  )

  for (const [cel, value] of [
    ['data.constructor.name', 1],
    ['data["__proto__"].x', 2],
    ['data.toString', 3],
    ['data.valueOf', null],
    ['data.length', 4],
    ['data.rawJSON', 5],
    ['data.hasOwnProperty', 6],
    ['data["0"]', 7],
    ['data.x', null],
    ['has(data.constructor)', true],
    ['has(data.valueOf)', true],
    ['has(data.isPrototypeOf)', false],
    ['"toString" in data', true],
    ['"isPrototypeOf" in data', false],
    ['size(data)', 8],
    ['data.isPrototypeOf', null],
    ['pairs([{"key": "__proto__", "value": 1}], "key", "value")["__proto__"]', 1],
  ] as const) {
    it(`are keys as all others: ${cel}`, () => {
      assert.equal(celValue(cel, scope), value)
    })
  }
})
