import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Message } from '../../../../src/model/message.ts'
import type { PropertiesShape } from '../../../../src/transform/mapping/mapping-file.ts'
import { compiled, mapText, shaped } from '../map.ts'

describe('the properties of a shape', () => {
  for (const [what, properties, input, made] of [
    ['are those of the data', {}, { properties: { a: 1 }, b: 2 }, { a: 1 }],
    ['are none when the data has none', {}, { b: 2 }, {}],
    ['are none when those of the data are no object', {}, { properties: [1] }, {}],
    ['come from an object of the data', { from: '${data.o}' }, { o: { a: 1 } }, { a: 1 }],
    ['are none when that object is absent', { from: '${data.o}' }, {}, {}],
    [
      'are picked',
      { from: '${data}', pick: ['b', 'x', 'a'] },
      { a: 1, b: 2, c: 3 },
      { a: 1, b: 2 },
    ],
    [
      'are picked in objects',
      { from: '${data}', pick: ['o.a', 'o.p.b', 'q.r'] },
      { o: { a: 1, c: 2, p: { b: 3, d: 4 } }, q: 5 },
      { o: { a: 1, p: { b: 3 } } },
    ],
    [
      'are picked by their whole name first',
      { from: '${data}', pick: ['o.a'] },
      { 'o.a': 1, o: { a: 2 } },
      { 'o.a': 1 },
    ],
    [
      'are picked from objects alone, and by their own names',
      { from: '${data}', pick: ['gone.a', 'o.constructor', 'text.length', 'a'] },
      { gone: null, o: {}, text: 'secret', a: 1 },
      { a: 1 },
    ],
    [
      'are picked as a whole beside a part of them',
      { from: '${data}', pick: ['o', 'o.a'] },
      { o: { b: 2, a: 1 } },
      { o: { b: 2, a: 1 } },
    ],
    ['are omitted', { from: '${data}', omit: ['a', 'x'] }, { a: 1, b: 2 }, { b: 2 }],
    [
      'are omitted in objects, and by their whole names',
      { from: '${data}', omit: ['o.a', 'o.p.b', 'q.r'] },
      { 'o.a': 0, o: { a: 1, c: 2, p: { b: 3, d: 4 } }, q: 5 },
      { o: { c: 2, p: { d: 4 } }, q: 5 },
    ],
    [
      'are flat with one level',
      { from: '${data}', flatten: 1 },
      { a: { b: { c: 1 }, d: [{ e: 2 }], f: {} }, g: null },
      { 'a.b.c': 1, 'a.d': [{ e: 2 }], 'a.f': {}, g: null },
    ],
    [
      'keep two levels',
      { from: '${data}', flatten: 2 },
      { a: { b: { c: { d: 1 } } } },
      { a: { 'b.c.d': 1 } },
    ],
    [
      'are renamed after they are flat',
      { from: '${data}', flatten: 1, rename: { 'a.b': 'c' } },
      { a: { b: 1 } },
      { c: 1 },
    ],
    [
      'are renamed in objects',
      { from: '${data}', rename: { 'a.b': 'c', gone: 'd' } },
      { a: { b: 1, e: 2 } },
      { a: { e: 2 }, c: 1 },
    ],
    [
      'change names with each other',
      { from: '${data}', rename: { a: 'b', b: 'a' } },
      { a: 1, b: 2 },
      { a: 2, b: 1 },
    ],
    [
      'are set last',
      { from: '${data}', rename: { a: 'b' }, set: { b: '${data.c}', d: 'text', e: 5, f: true } },
      { a: 1, c: 3 },
      { b: 3, c: 3, d: 'text', e: 5, f: true },
    ],
    [
      'are left out for null',
      { from: '${data}', set: { a: '${data.x}', b: null } },
      { a: 1, b: 2, c: null },
      { c: null },
    ],
    [
      'are set to lists and objects with templates',
      {
        set: { list: ['${data.a}', 'x', '${data.y}'], object: { a: '${data.a}', y: '${data.y}' } },
      },
      { a: 1 },
      { list: [1, 'x', null], object: { a: 1 } },
    ],
  ] as const) {
    it(what, async () => {
      const { events } = await shaped({ event: 'e', properties }, input)

      assert.deepEqual(events, [{ event: 'e', properties: { ...made, distinct_id: '' } }])
    })
  }

  it('take attributes by their names', async () => {
    const attributes = { 'ce-type': 'a', 'ce-id': '1', tenant: 't', 'x-ce-': 'no' }

    const made = await propertiesWith({ attributes: ['ce-*', 'tenant', '*gone'] }, { attributes })

    assert.deepEqual(made, { 'ce-id': '1', 'ce-type': 'a', tenant: 't' })
  })

  it('take no attributes that are not named', async () => {
    assert.deepEqual(await propertiesWith({ set: { a: 1 } }, { attributes: { tenant: 't' } }), {
      a: 1,
    })
  })

  it('take attributes in the same order from equal messages', async () => {
    const mapping = await compiled({
      rules: [{ name: 'all', event: 'e', properties: { attributes: ['*'] } }],
    })

    const one = mapText(mapping, '{}', { attributes: { b: '1', a: '2' } })
    const other = mapText(mapping, '{}', { attributes: { a: '2', b: '1' } })

    assert.deepEqual(one.texts, other.texts)
  })

  it('leave out the attributes of a dead-letter policy', async () => {
    const attributes = { CloudPubSubDeadLetterSourceSubscription: 's', tenant: 't' }

    const properties = {
      attributes: ['*'],
      set: { of: '${attributes.CloudPubSubDeadLetterSourceSubscription}' },
    }
    const made = await propertiesWith(properties, { attributes })

    assert.deepEqual(made, { tenant: 't' })
  })

  for (const value of ['text', 1, true, [1]]) {
    it(`reject an event when from is ${JSON.stringify(value)}`, async () => {
      const { end, counts } = await shaped(
        { event: 'e', properties: { from: '${data.secret}' } },
        { secret: value },
      )

      assert.match(
        String(end),
        /^m\.yaml rules\[0\]\.properties\.from: the value is .*, not an object$/,
      )
      assert.deepEqual(counts, ['all: matched', 'all: error'])
    })
  }

  it('keep every name', async () => {
    const text =
      '{"__proto__":{"a":1},"constructor":2,"toString":3,"o":{"__proto__":{"hasOwnProperty":4}}}'
    for (const properties of [
      { from: '${data}' },
      { from: '${data}', omit: ['x', 'x.y'] },
      { from: '${data}', pick: ['__proto__', 'constructor', 'toString', 'o'] },
      { from: '${data}', rename: { x: 'y' } },
      { from: '${data}', flatten: 9 },
    ]) {
      const mapping = await compiled({ rules: [{ name: 'all', event: 'e', properties }] })

      const { texts } = mapText(mapping, text)

      assert.deepEqual(texts, [`{"event":"e","properties":${text.slice(0, -1)},"distinct_id":""}}`])
    }
  })

  it('take new names like those of a prototype', async () => {
    const mapping = await compiled({
      rules: [
        {
          name: 'all',
          event: 'e',
          properties: {
            from: '${data}',
            rename: { a: '__proto__' },
            set: JSON.parse('{"constructor":"${data.a}"}'),
          },
        },
      ],
    })

    const { texts } = mapText(mapping, '{"a":1}')

    assert.deepEqual(texts, [
      '{"event":"e","properties":{"__proto__":1,"constructor":1,"distinct_id":""}}',
    ])
  })

  it('keep numbers to the last digit', async () => {
    const mapping = await compiled({
      rules: [
        {
          name: 'all',
          event: 'e',
          properties: {
            from: '${data}',
            flatten: 1,
            rename: { a: 'b' },
            set: { c: '${data.a}', d: ['${data.o.f}'] },
          },
        },
      ],
    })

    const { texts } = mapText(
      mapping,
      '{"a":9007199254740993,"o":{"f":0.12345678901234567890,"g":1e400}}',
    )

    assert.deepEqual(texts, [
      '{"event":"e","properties":{"o.f":0.12345678901234567890,"o.g":1e400,' +
        '"b":9007199254740993,"c":9007199254740993,"d":[0.12345678901234567890],"distinct_id":""}}',
    ])
  })

  it('leave the data as it is for the next shape, also when it has very many names', async () => {
    const names = Array.from({ length: 2_000 }, (_, at) => `k${at}`)
    const data = Object.fromEntries(names.map((name) => [name, { a: 1, b: [name] }]))
    const properties = { from: '${data}', omit: ['k0', 'k1.a'], rename: { 'k2.a': 'a', k3: 'b' } }
    const mapping = await compiled({
      rules: [
        {
          name: 'all',
          events: [
            { event: 'e', properties },
            { event: 'e', properties: { ...properties, flatten: 1 } },
            { event: 'e', properties: { from: '${data}' } },
          ],
        },
      ],
    })

    const { events } = mapText(mapping, JSON.stringify(data))

    const { k0, k1, k2, k3, ...others } = data
    const left = { ...others, k1: { b: ['k1'] }, k2: { b: ['k2'] }, a: 1, b: k3, distinct_id: '' }
    assert.deepEqual(events[0], { event: 'e', properties: left })
    assert.deepEqual(events[2], { event: 'e', properties: { ...data, distinct_id: '' } })
  })

  for (const [step, propertiesOf] of [
    ['picked', (names) => ({ pick: ['o', ...names] })],
    ['omitted', (names) => ({ omit: names })],
    [
      'renamed',
      (names) => ({ rename: Object.fromEntries(names.map((name) => [name, `${name}!`])) }),
    ],
  ] as const satisfies readonly (readonly [string, (names: string[]) => PropertiesShape])[]) {
    for (const [prefix, dataOf] of [
      ['', (members) => members],
      ['o.', (members) => ({ o: members })],
    ] as const satisfies readonly (readonly [string, (members: object) => object])[]) {
      for (const size of [500, 5_000]) {
        it(`are listed as often for fifty names as for one, when those of ${size} are ${step} as ${prefix}name`, async (t) => {
          const members = Array.from({ length: size }, (_, at) => [`k${at}`, at])
          const data = dataOf(Object.fromEntries(members))
          const listed = async (count: number) => {
            const names = Array.from({ length: count }, (_, at) => `${prefix}k${at}`)
            const shape = { from: '${data}', ...propertiesOf(names) }
            const mapping = await compiled({
              rules: [{ name: 'all', event: 'e', properties: shape }],
            })
            const keys = t.mock.method(Object, 'keys')
            mapText(mapping, JSON.stringify(data))
            keys.mock.restore()
            return keys.mock.calls.filter(({ result }) => Number(result?.length) > size / 2).length
          }

          assert.equal(await listed(50), await listed(1))
        })
      }
    }
  }

  it('reject an event whose dotted names are too long', async () => {
    let deep: unknown = 1
    for (let level = 0; level < 500; level++) deep = { ['k'.repeat(100)]: deep, a: 1 }

    const shape = { event: 'e', properties: { from: '${data}', flatten: 1 } }
    const { end, counts } = await shaped(shape, deep)

    assert.equal(end, 'flatten: the dotted names are too many, or too long')
    assert.deepEqual(counts, ['all: matched', 'all: error'])
  })

  it('reject an event whose dotted names are too many', async () => {
    const shape = { event: 'e', properties: { from: '${data}', flatten: 1 } }

    const most = await shaped(shape, { o: objectOf(19_000), p: objectOf(1_000) })
    const more = await shaped(shape, { o: objectOf(19_000), p: objectOf(1_001) })

    assert.equal(most.events.length, 1)
    assert.equal(more.end, 'flatten: the dotted names are too many, or too long')
  })

  for (const [what, properties, dataOf] of [
    ['the data', { from: '${data}' }, (size) => objectOf(size)],
    ['the properties of the data', {}, (size) => ({ properties: objectOf(size) })],
    [
      'an object of which some members go',
      { from: '${data}', omit: ['o.k1'] },
      (size) => ({ o: objectOf(size) }),
    ],
  ] as const satisfies readonly (readonly [string, PropertiesShape, (size: number) => object])[]) {
    it(`reject an event when ${what} has more than 20,000 members`, async () => {
      const most = await shaped({ event: 'e', properties }, dataOf(20_000))
      const more = await shaped({ event: 'e', properties }, dataOf(20_001))

      assert.equal(most.events.length, 1)
      assert.equal(more.end, 'an object has more than 20000 members')
      assert.deepEqual(more.counts, ['all: matched', 'all: error'])
    })
  }

  it('are not taken from a large object for each of many elements', async () => {
    const of = (items: number) => ({ properties: objectOf(2_000), items: Array(items).fill({}) })
    const each = { each: '${data.items}', event: 'e', properties: { from: '${data.properties}' } }

    const few = await shaped(each, of(10))
    const many = await shaped(each, of(100))

    assert.equal(few.events.length, 10)
    assert.equal(many.end, 'the properties of the events of this line are too many')
    assert.deepEqual(many.counts, ['all: matched', 'all: error'])
  })

  it('are taken from each of many elements', async () => {
    const items = Array(10_000).fill(objectOf(12))

    const { events } = await shaped({ each: '${data.items}', event: 'e' }, { items })

    assert.equal(events.length, 10_000)
  })

  function objectOf(size: number): Readonly<Record<string, number>> {
    return Object.fromEntries(Array.from({ length: size }, (_, at) => [`k${at}`, at]))
  }

  async function propertiesWith(properties: PropertiesShape, message: Partial<Message>) {
    const { texts } = await shaped({ event: 'e', properties }, {}, message)
    const { properties: made } = JSON.parse(texts[0] ?? '')
    const { distinct_id, ...rest } = made
    return rest
  }
})
