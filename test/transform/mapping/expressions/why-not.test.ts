import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { scopeOf, whyNot } from './expressing.ts'

const scope = scopeOf(
  JSON.stringify({
    type: 'order.placed',
    total: 0,
    flag: true,
    off: false,
    tags: ['a', 'b'],
    limit: 10,
    long: 'x'.repeat(100),
    fitting: 'x'.repeat(58),
    nothing: null,
  }),
  { attributes: { tenant: 'acme' } },
)

describe('why a condition does not hold', () => {
  for (const [cel, why] of [
    ['data.kind == "health_check"', 'data.kind is null'],
    ['data.type == "health_check"', 'data.type is "order.placed", not "health_check"'],
    ['"health_check" == data.type', 'data.type is "order.placed", not "health_check"'],
    ['data.type != "order.placed"', 'data.type is "order.placed"'],
    ['data.total > 0', 'data.total is 0, not > 0'],
    ['0 < data.total', 'data.total is 0, not > 0'],
    ['1 <= data.total', 'data.total is 0, not >= 1'],
    ['0 > data.total', 'data.total is 0, not < 0'],
    ['-1 >= data.total', 'data.total is 0, not <= -1'],
    ['data.total >= 1', 'data.total is 0, not >= 1'],
    ['data.limit < 10', 'data.limit is 10, not < 10'],
    ['data.limit <= 9', 'data.limit is 10, not <= 9'],
    ['data.total > data.limit', 'data.total is 0, not > data.limit (10)'],
    ['data.total + 1 > data.limit', 'data.total + 1 is 1, not > data.limit (10)'],
    ['data.total == data.absent', 'data.absent is null'],
    ['data.type == null', 'data.type is "order.placed", not null'],
    ['data.absent != null', 'data.absent is null'],
    ['data.type in ["a", "b"]', 'data.type is "order.placed", not in ["a", "b"]'],
    ['data.type in data.tags', 'data.type is "order.placed", not in data.tags (["a","b"])'],
    ['"c" in data.tags', 'data.tags is ["a","b"], without "c"'],
    ['data.absent in ["a"]', 'data.absent is null'],
    ['data.type == "order.placed" && data.total > 0', 'data.total is 0, not > 0'],
    ['data.type == "a" && data.total > 0', 'data.type is "order.placed", not "a"'],
    ['data.kind == "a" || data.total > 0', 'data.kind is null and data.total is 0, not > 0'],
    ['data.kind == "a" || data.kind == "b"', 'data.kind is null'],
    ['!(attributes.tenant in ["acme"])', 'attributes.tenant is "acme", in ["acme"]'],
    ['!data.flag', 'data.flag is true'],
    ['!!data.off', 'data.off is false'],
    [
      '!(data.type == "order.placed" && data.flag)',
      'data.type is "order.placed" and data.flag is true',
    ],
    ['!(data.off || data.flag)', 'data.flag is true'],
    ['!(data.type != "a")', 'data.type is "order.placed", not "a"'],
    ['!(data.limit > 1)', 'data.limit is 10, which is > 1'],
    ['!(data.limit >= 1)', 'data.limit is 10, which is >= 1'],
    ['!(data.total < 1)', 'data.total is 0, which is < 1'],
    ['!(data.total <= 1)', 'data.total is 0, which is <= 1'],
    ['!("a" in data.tags)', 'data.tags is ["a","b"], with "a"'],
    ['!(data.flag ? data.flag : data.off)', 'data.flag is true'],
    ['data.flag ? data.off : data.flag', 'data.off is false'],
    ['data.off ? data.flag : data.total > 5', 'data.total is 0, not > 5'],
    ['data.off', 'data.off is false'],
    ['data.absent', 'data.absent is null'],
    ['has(data.absent)', 'has(data.absent) is false'],
    [
      'data.type.startsWith("a")',
      'data.type is "order.placed"; data.type.startsWith("a") is false',
    ],
    [
      'startsWith(data.type, "a")',
      'data.type is "order.placed"; startsWith(data.type, "a") is false',
    ],
    ['data.kind.startsWith("a")', 'data.kind is null'],
    [
      'data.tags.exists(t, t == "c")',
      'data.tags is ["a","b"]; data.tags.exists(t, t == "c") is false',
    ],
    ['data.long == "a"', `data.long is "${'x'.repeat(59)}…, not "a"`],
    ['data.fitting == "a"', `data.fitting is "${'x'.repeat(58)}", not "a"`],
    ['data.total > "a"', 'data.total > "a": a number and a text have no order'],
    ['data.absent > 1', 'data.absent > 1: null and a number have no order'],
    ['data.absent > 1 && data.off', 'data.absent > 1: null and a number have no order'],
    ['type(data.total) == int', 'type(data.total) is a type, not int'],
    ['false', 'false is false'],
  ] as const) {
    it(`is said in the smallest parts: ${cel}`, () => {
      assert.equal(whyNot(cel, scope), why)
    })
  }

  it('names a value by its kind when the value is too large to show', () => {
    const list = Array.from({ length: 10 }, () => scope.data)
    const large = { ...scope, data: { list: Array.from({ length: 100_000 }, () => list) } }

    assert.equal(whyNot('data.list == 1', large), 'data.list is a list, not 1')
  })

  it('says that a part takes too long to work out again, or names it', () => {
    const costly = `data.text.contains("${'b'.repeat(800)}")`
    const long = { ...scope, data: { text: 'a'.repeat(40_000), n: 1 } }
    const why = 'the expressions of this event take too long'

    assert.equal(
      whyNot(`${costly} == data.n`, long),
      `data.text.contains("${'b'.repeat(60)}…: ${why}, not data.n (1)`,
    )
    assert.equal(whyNot(`data.n == ${costly}`, long), `data.n is 1, not ${costly}`)
  })
})
