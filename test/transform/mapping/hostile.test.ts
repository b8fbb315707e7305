import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Rule } from '../../../src/transform/mapping/mapping-file.ts'
import { compiled, mapText } from './map.ts'

/** Rules that read, copy, flatten and rename all of the data. */
const RULES: readonly Rule[] = [
  {
    name: 'all',
    when: 'data.missing.key == null',
    events: [
      {
        event: 'E',
        user_id: '${data.user}',
        properties: {
          from: '${data}',
          omit: ['gone', 'gone.too'],
          flatten: 2,
          rename: { a: 'b', 'c.d': 'e' },
          set: { whole: '${data.b}' },
        },
      },
      { event: 'I', each: '${data.items}' },
    ],
  },
]

const NUMBERS = [
  '0',
  '1e2',
  '1.5',
  '-7.25e-3',
  '9007199254740993',
  '-123456789012345678901234567890',
  '0.1234567890123456789',
  '1e400',
  '-1E-400',
  '1.7976931348623157e+308',
]

describe('a mapping takes hostile events', () => {
  for (const [what, text] of [
    ['the keys of prototypes', '{"__proto__":{"__proto__":1},"constructor":{"prototype":2}}'],
    ['a name that is a function of every object', '{"hasOwnProperty":1,"toString":{"valueOf":2}}'],
    ['lone surrogates', '{"\\ud800":"\\udfff","items":["\\ud800"]}'],
    ['1,000 levels of objects', `${'{"a":'.repeat(998)}1${'}'.repeat(998)}`],
    ['1,000 levels of lists', `{"a":${'['.repeat(998)}${']'.repeat(998)}}`],
    ['a text', '"text"'],
    ['a list', '[1,{"items":[2]}]'],
    ['null', 'null'],
  ] as const) {
    it(`that hold ${what}`, async () => {
      const mapping = await compiled({ rules: RULES })

      const { end, events, texts } = mapText(mapping, text)

      assert.ok(end === undefined ? events.length > 0 : /^m\.yaml rules\[0\]/.test(end), end)
      // The next event is not changed by this one.
      const next = mapText(mapping, '{"user":"u"}')
      assert.deepEqual(next.texts, [
        '{"event":"E","properties":{"user":"u","$user_id":"u","distinct_id":"u"}}',
      ])
      assert.deepEqual(mapText(mapping, text).texts, texts)
    })
  }

  for (const number of NUMBERS) {
    it(`that hold the number ${number}`, async () => {
      const mapping = await compiled({
        rules: [
          {
            name: 'all',
            event: 'E',
            properties: { from: '${data}', rename: { r: 's' }, set: { t: '${data.n}' } },
          },
        ],
      })

      const { texts } = mapText(mapping, `{"n":${number},"r":${number},"l":[${number}]}`)

      const [, n, l, s, t] =
        /"n":([^,]*),"l":\[([^\]]*)\],"s":([^,]*),"t":([^,]*),/.exec(texts[0] ?? '') ?? []
      assert.deepEqual([n, l, s, t], [n, n, n, n])
      assert.equal(Number(n), Number(number))
      if (/\d{16}|400/.test(number)) assert.equal(n, number)
    })
  }

  it('that hold a number with a million zeros between its digits', async () => {
    const mapping = await compiled({ rules: RULES })
    const text = `{"n":0.1${'0'.repeat(1_000_000)}1}`

    const { texts } = mapText(mapping, text)

    assert.ok(texts[0]?.includes(text.slice(1, -1)))
  })

  it('that have 100,000 keys, and rejects them', async () => {
    const mapping = await compiled({ rules: RULES })
    const data = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`k${at}`, at]))

    const { end, counts } = mapText(mapping, JSON.stringify(data))

    assert.equal(end, 'an object has more than 20000 members')
    assert.deepEqual(counts, ['all: matched', 'all: error'])
  })

  it('that have 10,000 keys', async () => {
    const mapping = await compiled({ rules: RULES })
    const data = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, at]))

    const { events } = mapText(mapping, JSON.stringify(data))

    assert.deepEqual(events, [{ event: 'E', properties: { ...data, distinct_id: '' } }])
  })
})
