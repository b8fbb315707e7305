/** An event of a megabyte, and expressions that take as long over it as they can. */
export interface Hostile {
  readonly data: unknown
  readonly expressions: readonly string[]
}

const MB = 1_000_000
const numbers = Array.from({ length: 130_000 }, (_, index) => index)
const letters = Array.from({ length: MB }, (_, index) => 'abc'[((index * 2_654_435_761) >>> 9) % 3])
const keyed = Object.fromEntries(numbers.slice(0, 100_000).map((index) => [`k${index}`, index]))
const rows = Array.from({ length: 1_000 }, () =>
  Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, index])),
)

export const HOSTILE: readonly Hostile[] = [
  {
    data: {
      same: 'a'.repeat(MB),
      mixed: letters.join(''),
      pairs: '😀'.repeat(MB / 4),
      half: 'a'.repeat(MB / 2),
      part: `${'a'.repeat(500)}b${'a'.repeat(500)}`,
      long: `b${'a'.repeat(MB / 4)}`,
      list: numbers.slice(0, 10_000),
      pattern: `(a|b|c)*a${'(a|b|c)'.repeat(10)}[d-z]`,
    },
    expressions: [
      'data.same.contains(data.part)',
      'data.half.contains(data.long)',
      'data.same.contains("a" + data.half)',
      'data.same.replace("a", "bbbbbbbbbbbbbbbbbbbb")',
      'data.same.split("")',
      'data.same.split("a")',
      'data.mixed.matches("(a|b|c)*a(a|b|c){15}[d-z]")',
      'data.mixed.substring(0, 8000).matches("(a|b|c)*a(a|b|c){15}[d-z]")',
      'data.mixed.substring(0, 8000).matches(data.pattern)',
      'data.same.matches("^(a+)+$")',
      'data.list.map(x, data.same.lower())',
      'data.list.map(x, data.same + "b")',
      'data.list.map(x, data.pairs.size())',
      'data.list.map(x, data.pairs.indexOf("b"))',
      'data.list.map(x, data.same.contains("b"))',
      'data.list.filter(x, data.half + "b" < data.same)',
    ],
  },
  {
    data: { list: numbers, keyed, other: { ...keyed } },
    expressions: [
      'data.list.filter(x, x in data.list)',
      'data.list.map(x, data.list)',
      'data.list.map(x, data.list + [x])',
      'data.list.map(x, [x, x, x, x, x, x, x, x])',
      'data.list.map(x, {"a": x, "b": x})',
      'data.list.map(x, timestamp(x))',
      'data.list.map(x, timestamp(x).getHours("Europe/Berlin"))',
      'data.list.map(x, duration(string(x) + "s"))',
      'data.list.map(x, string(x)).join(",")',
      'data.list.filter(x, "a".matches(string(x)))',
      'data.list.all(x, x.absent > 1)',
      'data.list.exists(x, x.absent > 1 || x.other > 1)',
      'data.list.map(x, data.keyed)',
      'data.list.map(x, size(data.keyed))',
      'data.keyed.filter(key, data.keyed[key] == 1)',
      'data.keyed == data.other',
      'true ? data : null',
    ],
  },
  {
    data: { rows, list: rows.map((row) => JSON.stringify(row)) },
    expressions: [
      'data.rows.map(row, row)',
      'data.rows.filter(row, row in data.rows)',
      'data.list.map(x, json(x))',
      'pairs(data.rows, "k1", "k2")',
    ],
  },
  {
    data: {
      list: numbers.slice(0, 19_000),
      arrays: '[[[[[]]]]]',
      names: JSON.stringify(numbers.slice(0, 60).map((k) => ({ [`k${k}`]: 1 }))),
      many: JSON.stringify(numbers.slice(0, 4_000).map((k) => ({ [`k${k}`]: 1 }))),
      digits: `[${'12345678901234567.5,'.repeat(500)}1]`,
    },
    expressions: ['arrays', 'names', 'many', 'digits'].map(
      (key) => `data.list.all(i, json(data.${key}) != null)`,
    ),
  },
  {
    data: {
      members: JSON.stringify(Object.fromEntries(numbers.slice(0, 9_900).map((k) => [`k${k}`, k]))),
      digits: `[${'12345678901234567.5,'.repeat(15_000)}1]`,
      nested: '['.repeat(MB),
      number: '9'.repeat(MB),
    },
    expressions: ['members', 'digits', 'nested', 'number'].map((key) => `json(data.${key})`),
  },
]
