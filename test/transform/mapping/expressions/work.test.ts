import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Scope } from '../../../../src/transform/mapping/compiled-mapping.ts'
import { newWork } from '../../../../src/transform/mapping/expressions/part.ts'
import { celValue, faultIn, templateValue } from './expressing.ts'

const TOO_LONG = { name: 'ExpressionError', message: /the expressions of this event take too long/ }

/** Events of half a megabyte, each made for one expression. */
const half = 'a'.repeat(500_000)
const numbers = Array.from({ length: 50_000 }, (_, index) => index)
const keyed = Object.fromEntries(numbers.map((number) => [`k${number}`, number]))
const objects = Array.from({ length: 5_000 }, () => ({ a: 'a', b: 1 }))

function of(data: unknown): Scope {
  return { data, attributes: {}, message: {}, line: 1 }
}

/** Returns the work of an expression for an event. */
function workOf(cel: string, data: unknown): number {
  const work = newWork()
  const before = work.left
  celValue(cel, { ...of(data), work })
  return before - work.left
}

describe('the work of a function', () => {
  for (const [cel, unit, least] of [
    ['size(data)', 'a', 2],
    ['data.lower() == ""', 'a', 1],
    ['data.contains("b")', 'a', 1],
    [`data.contains("${'b'.repeat(800)}")`, 'a', 100],
    ['data.split(",") == []', ',', 11],
    ['data.replace("a", "bbbb") == ""', 'a', 55],
    ['data.replace("", "bbbb") == ""', 'a', 54],
    ['json(data) == 1', ' ', 4],
    ['bytes(data) == b""', 'a', 1],
    ['string(bytes(data)) == ""', 'a', 2],
    ['data.matches("b")', 'a', 60],
    ['data + data == ""', 'a', 2],
    ['bytes(data) + bytes(data) == b""', 'a', 4],
    ['bytes(data) == bytes(data)', 'a', 3],
  ] as const) {
    it(`grows with each ${JSON.stringify(unit)} of a text: ${cel.slice(0, 40)}`, () => {
      const more = workOf(cel, `${unit.repeat(1_100)}1`) - workOf(cel, `${unit.repeat(1_000)}1`)

      assert.ok(more >= 100 * least, String(more))
    })
  }

  for (const [cel, element, least] of [
    ['data.join("--") == ""', 'aaa', 25],
    ['pairs(data, "a", "b") == 1', { a: 'a', b: 1 }, 200],
    ['json("[" + data.join(",") + "]") == []', '1', 100],
    ['data.exists(x, json(x) == 2)', '1', 100],
    ['json("[" + data.join(",") + "]") == []', '1e400', 600],
    ['data.exists(x, x.matches("b"))', '', 200],
    ['data.exists(x, epoch_ms(x) < 0)', '0', 500],
    ['data.exists(x, timestamp(x).getHours("Europe/Berlin") < 0)', '0', 50_000],
    ['data.exists(x, x == "bb")', 'aa', 15],
    ['data.exists(x, [x, x, x, x] == [])', 'a', 140],
    ['data.exists(x, {"a": x, "b": x} == {})', 'a', 550],
    ['data + data == []', 'a', 20],
  ] as const) {
    it(`grows with each ${JSON.stringify(element)} of a list: ${cel}`, () => {
      const list = Array.from({ length: 60 }, () => element)
      const more = workOf(cel, list) - workOf(cel, list.slice(0, 50))

      assert.ok(more >= 10 * least, String(more))
    })
  }

  for (const cel of ['size(data) == 0', 'data.exists(k, false)', 'data.map(k, k) == []']) {
    it(`grows with each member of an object, and more of a large one: ${cel}`, () => {
      const objectOf = (size: number) =>
        Object.fromEntries(numbers.slice(0, size).map((at) => [`k${at}`, at]))
      const moreAt = (size: number) =>
        workOf(cel, objectOf(size + 10)) - workOf(cel, objectOf(size))

      assert.ok(moreAt(100) >= 400)
      assert.ok(moreAt(1_000) >= 1_000)
      assert.ok(moreAt(1_000) > moreAt(100))
    })
  }

  it('grows with each pattern of an event that is compiled', () => {
    const patterns = Array.from({ length: 10 }, (_, at) => `^work ${at}$`)
    const cel = 'data.exists(x, "a".matches(x))'

    assert.ok(workOf(cel, patterns) - workOf(cel, []) >= 10 * 500_000)
  })
})

describe('the work of an expression', () => {
  for (const [cel, data] of [
    ['data.list.filter(x, x in data.list)', { list: numbers }],
    ['data.list.filter(x, data.list == data.other)', { list: numbers, other: [...numbers] }],
    ['data.list.filter(x, data.one == data.other)', { list: numbers, one: half, other: `${half}` }],
    ['data.list.filter(x, data.one < data.other)', { list: numbers, one: half, other: `${half}b` }],
    ['data.list.map(x, data.list + [x])', { list: numbers }],
    ['data.list.map(x, data.list)', { list: numbers }],
    ['data.list.map(x, data.text)', { list: numbers, text: half }],
    ['data.list.map(x, data.text + "b")', { list: numbers, text: half }],
    ['data.list.map(x, lower(data.text))', { list: numbers, text: half }],
    ['data.list.map(x, upper(data.text))', { list: numbers, text: half }],
    ['data.list.map(x, lowerAscii(data.text))', { list: numbers, text: half }],
    ['data.list.map(x, upperAscii(data.text))', { list: numbers, text: half }],
    ['data.list.map(x, trim(data.text))', { list: numbers, text: half }],
    ['data.list.map(x, size(data.text))', { list: numbers, text: half }],
    ['data.list.map(x, size(data.keyed))', { list: numbers, keyed }],
    ['data.list.map(x, data.text.contains("b"))', { list: numbers, text: half }],
    ['data.list.map(x, data.text.indexOf("b"))', { list: numbers, text: half }],
    ['data.list.map(x, data.text.substring(1, 2))', { list: numbers, text: half }],
    ['data.list.map(x, data.text.split("b"))', { list: numbers, text: half }],
    ['data.list.map(x, data.list.join(","))', { list: numbers.map(String) }],
    ['data.list.map(x, json(data.text))', { list: numbers, text: `"${half}"` }],
    ['data.list.map(x, pairs(data.objects, "a", "b"))', { list: numbers, objects }],
    ['data.list.map(x, bytes(data.text))', { list: numbers, text: half }],
    ['data.list.map(x, string(bytes(data.text)))', { list: numbers, text: half }],
    ['data.list.map(x, bytes(data.text) == bytes(data.text))', { list: numbers, text: half }],
    ['data.list.map(x, data.keyed == data.other)', { list: numbers, keyed, other: { ...keyed } }],
    ['data.list.map(x, timestamp(x).getHours("Europe/Berlin"))', { list: numbers }],
    ['data.list.map(x, epoch_ms(x))', { list: numbers }],
    ['data.list.map(x, duration(data.text))', { list: numbers, text: '1h' }],
    ['data.list.map(x, {"a": 1, "b": 2, "c": 3, "d": 4})', { list: numbers }],
    ['data.list.map(x, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, x])', { list: numbers }],
    ['data.list.all(x, x.absent > 1)', { list: numbers }],
    ['data.list.exists(x, x.absent > 1 || x.other > 1)', { list: numbers }],
    ['data.keyed.filter(k, data.keyed[k] == 1)', { keyed: { ...keyed, ...numbers } }],
    ['data.text.contains(data.part)', { text: half, part: `${half.slice(1000)}b${half.slice(9)}` }],
    ['data.text.replace("a", "bbbbbbbbbbbbbbbbbbbbbbbbbb")', { text: half }],
    ['data.text.matches("(a|b|c)*a(a|b|c){15}[d-z]")', { text: half }],
    ['data.list.all(x, json(data.text) == 1)', { list: numbers.slice(0, 2_000), text: '[1' }],
    ['data.list.filter(x, "a".matches(string(x)))', { list: numbers }],
    ['json(data.text)', { text: `[${'12345678901234567,'.repeat(19_000)}1]` }],
    ['data.list.all(x, json(data.text) != null)', { list: numbers, text: '[[[[[[[[]]]]]]]]' }],
    [
      'data.list.map(x, json(data.text))',
      { list: numbers.slice(0, 10), text: JSON.stringify(numbers.slice(0, 19_000)) },
    ],
  ] as const) {
    it(`has an end: ${cel}`, () => {
      assert.throws(() => celValue(cel, of(data)), TOO_LONG)
    })
  }

  it('has an end in a text', () => {
    const scope = of({ text: half })

    assert.throws(() => templateValue('${data.text}'.repeat(30), scope), TOO_LONG)
  })

  it('is shared by the expressions of a line', () => {
    const scope = { ...of({ list: numbers }), work: newWork() }

    const tenTimes = () => {
      for (let round = 0; round < 100; round++) celValue('data.list.map(x, x)', scope)
    }

    assert.throws(tenTimes, TOO_LONG)
    assert.deepEqual(celValue('data.list.map(x, x)', of({ list: numbers })), numbers)
  })

  it('is bounded by one level of loops', () => {
    assert.equal(
      faultIn('data.a.all(x, data.b.exists(y, x == y))'),
      '14: `exists` stands inside another loop; one level is the most',
    )
    assert.equal(faultIn('data.a.filter(x, x > 1).all(x, x < 3)'), 'no fault')
  })

  it('leaves a large row of JSON that several expressions read', () => {
    const row = Object.fromEntries(numbers.slice(0, 1_000).map((at) => [`k${at}`, `text ${at}`]))
    const scope = { ...of({ after: JSON.stringify(row) }), work: newWork() }

    for (let time = 0; time < 20; time++) assert.deepEqual(celValue('json(data.after)', scope), row)
  })

  for (const cel of ['data', 'data.large', 'data["large"]', 'data[data.key]', 'data.lists[0]']) {
    it(`leaves a value of any size that is only selected: ${cel}`, () => {
      const large = Array.from({ length: 600_000 }, () => 1)
      const data = { large, key: 'large', lists: [large] }

      assert.equal(celValue(cel, of(data)), cel === 'data' ? data : large)
    })
  }

  it('leaves a text of a megabyte that a simple expression reads', () => {
    const text = half.repeat(2)

    assert.equal(celValue('data.text.contains("b") || size(data.text) > 1', of({ text })), true)
    assert.equal(celValue('data.text', of({ text })), text)
  })
})
