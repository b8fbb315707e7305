import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { celValue, scopeOf } from './expressing.ts'

const scope = scopeOf(
  '{"list":[1,[2,"a"]],"object":{"a":1,"b":{"c":null}},"huge":1e400,"vast":1e400,"nothing":null}',
)

/** Values that are all different. */
const DIFFERENT = [
  'null',
  'true',
  'false',
  '0',
  '1',
  '1.5',
  '-1',
  '""',
  '"a"',
  '"b"',
  '"ab"',
  '"1"',
  'b""',
  'b"a"',
  'b"b"',
  'b"ab"',
  '[]',
  '[1]',
  '["1"]',
  '[1, 2]',
  '[2, 1]',
  '[[1]]',
  '[null]',
  '{}',
  '{"a": 1}',
  '{"a": 2}',
  '{"b": 1}',
  '{"a": 1, "b": 1}',
  '{"a": null}',
  '{"a": [1]}',
  'timestamp(0)',
  'timestamp(1)',
  'duration("0s")',
  'duration("1s")',
  'duration("1.000000001s")',
  'int',
  'string',
  'data.list',
  'data.object',
  'data.huge',
  'data.object.b',
]

describe('equality', () => {
  for (const [at, one] of DIFFERENT.entries()) {
    it(`holds between ${one} and itself, and no other value`, () => {
      const equal = DIFFERENT.filter((other) => celValue(`${one} == ${other}`, scope))
      const unequal = DIFFERENT.filter((other) => celValue(`${one} != ${other}`, scope))
      const found = DIFFERENT.filter((other) => celValue(`${one} in [${other}]`, scope))

      assert.deepEqual(equal, [one])
      assert.deepEqual(unequal, DIFFERENT.toSpliced(at, 1))
      assert.deepEqual(found, [one])
    })
  }

  for (const cel of [
    '1 == 1.0',
    '1.0 == 1',
    '1u == 1',
    '[1, "a"] == [1.0, "a"]',
    '{"a": 1, "b": 2} == {"b": 2.0, "a": 1}',
    'timestamp(0) == timestamp("1970-01-01T01:00:00+01:00")',
    'duration("60s") == duration("1m")',
    'duration("-0.5s") == duration("0.5s") - duration("1s")',
    'data.list == [1, [2, "a"]]',
    'data.object == {"b": {"c": null}, "a": 1}',
    'data.absent == data.nothing',
    'bytes("a") == b"a"',
    'data.huge == data.vast',
  ]) {
    it(`does not depend on the form: ${cel}`, () => {
      assert.equal(celValue(cel, scope), true)
    })
  }
})

describe('order', () => {
  for (const [less, more] of [
    ['1', '2'],
    ['1', '1.5'],
    ['-1.5', '-1'],
    ['"a"', '"b"'],
    ['"a"', '"aa"'],
    ['""', '"a"'],
    ['false', 'true'],
    ['timestamp(0)', 'timestamp(1)'],
    ['duration("1s")', 'duration("1.000000001s")'],
    ['duration("-1s")', 'duration("0s")'],
  ] as const) {
    it(`holds between ${less} and ${more}, and not the other way round`, () => {
      for (const [cel, value] of [
        [`${less} < ${more}`, true],
        [`${less} <= ${more}`, true],
        [`${less} > ${more}`, false],
        [`${less} >= ${more}`, false],
        [`${more} < ${less}`, false],
        [`${more} <= ${less}`, false],
        [`${more} > ${less}`, true],
        [`${more} >= ${less}`, true],
        [`${less} < ${less}`, false],
        [`${less} <= ${less}`, true],
        [`${less} > ${less}`, false],
        [`${less} >= ${less}`, true],
      ] as const) {
        assert.equal(celValue(cel, scope), value, cel)
      }
    })
  }

  for (const [cel, text] of [
    ['data.list < 1', 'a list and a number have no order'],
    ['data.object < data.object', 'an object and an object have no order'],
    ['timestamp(0) < data.list', 'a time and a list have no order'],
    ['duration("1s") > data.list', 'a duration and a list have no order'],
    ['true > data.list', 'true or false and a list have no order'],
    ['data.list > true', 'a list and true or false have no order'],
    ['b"a" > data.list', 'bytes and a list have no order'],
    ['int > data.list', 'a type and a list have no order'],
    ['"a" >= data.nothing', 'a text and null have no order'],
  ] as const) {
    it(`is an error between other kinds: ${cel}`, () => {
      assert.throws(() => celValue(cel, scope), {
        name: 'ExpressionError',
        message: `${cel}: ${text}`,
      })
    })
  }
})

describe('logic', () => {
  for (const [cel, value] of [
    ['true && true', true],
    ['true && false', false],
    ['false && true', false],
    ['true || false', true],
    ['false || true', true],
    ['false || false', false],
    ['!true', false],
    ['!false', true],
    ['data.nothing && true', false],
    ['true && data.nothing', false],
    ['data.nothing || true', true],
    ['true || data.nothing', true],
    ['data.nothing || data.nothing', false],
    ['data.list > 1 || true', true],
    ['true || data.list > 1', true],
    ['data.list > 1 && false', false],
    ['false && data.list > 1', false],
    ['data.list || true', true],
    ['data.list && false', false],
    ['true ? 1 : data.list > 1', 1],
    ['false ? data.list > 1 : 2', 2],
  ] as const) {
    it(`makes ${cel} ${value}`, () => {
      assert.equal(celValue(cel, scope), value)
    })
  }

  for (const cel of [
    'data.list > 1 || false',
    'false || data.list > 1',
    'data.list > 1 && true',
    'true && data.list > 1',
    'data.list > 1 && data.list > 2',
    'data.list && true',
    'true && data.list',
    'false || data.list',
    '!data.list',
    'data.list ? 1 : 2',
  ]) {
    it(`makes ${cel} an error`, () => {
      assert.throws(() => celValue(cel, scope), { name: 'ExpressionError' })
    })
  }
})
