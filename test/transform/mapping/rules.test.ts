import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PropertiesShape, Rule } from '../../../src/transform/mapping/mapping-file.ts'
import type { Preset } from '../../../src/transform/presets/preset.ts'
import { aMessage } from '../../helpers/builders.ts'
import { compiled, mapText, presetOf, problemsOf } from './map.ts'

describe('the rules of a mapping', () => {
  it('apply to an event in their order, and the first that matches alone', async () => {
    const mapping = await compiled({
      rules: [
        { name: 'health', when: 'data.type == "health"', drop: true },
        { name: 'bad', when: 'data.type == "bad"', reject: 'bad is no type' },
        { name: 'orders', when: 'data.type.startsWith("order")', event: '${data.type}' },
        { name: 'paid', when: 'data.type == "order.paid"', event: 'never' },
      ],
    })

    const ends = ['health', 'bad', 'order.paid'].map((type) =>
      mapText(mapping, JSON.stringify({ type })),
    )

    assert.deepEqual(
      ends.map(({ end, events }) => end ?? events),
      [
        'dropped by health',
        'bad is no type',
        [{ event: 'order.paid', properties: { distinct_id: '' } }],
      ],
    )
    assert.deepEqual(
      ends.map(({ reason }) => reason),
      [undefined, 'transform_failed', undefined],
    )
    assert.deepEqual(
      ends.map(({ counts }) => counts),
      [
        ['health: matched', 'health: dropped'],
        ['bad: matched', 'bad: rejected'],
        ['orders: matched'],
      ],
    )
  })

  it('end a line whose events look each other up', async () => {
    const mapping = await compiled({
      rules: [
        {
          name: 'items',
          each: '${data.items}',
          event: '${data.items.filter(i, i.id == item.parent)[0].name}',
        },
      ],
    })
    const itemsOf = (count: number) =>
      Array.from({ length: count }, (_, id) => ({ id, parent: (id * 7) % count, name: `n${id}` }))

    const few = mapText(mapping, JSON.stringify({ items: itemsOf(100) }))
    const many = mapText(mapping, JSON.stringify({ items: itemsOf(5_000) }))

    assert.equal(few.events.length, 100)
    assert.match(many.end ?? '', /the expressions of this event take too long/)
  })

  it('take a condition that is null for one that does not hold', async () => {
    const mapping = await compiled({
      rules: [
        { name: 'test', when: 'data.test', drop: true },
        { name: 'rest', event: 'e' },
      ],
    })

    assert.equal(mapText(mapping, '{"test":true}').end, 'dropped by test')
    for (const test of ['{}', '{"test":null}', '{"test":false}']) {
      assert.equal(mapText(mapping, test).events.length, 1)
    }
  })

  for (const [when, text] of [
    ['data.test', '{"test":"secret"}'],
    ['data.test > 5', '{"test":"secret"}'],
    ['!data.test', '{"test":"secret"}'],
  ] as const) {
    it(`reject an event on an error of types: ${when} of ${text}`, async () => {
      const mapping = await compiled({ rules: [{ name: 'test', when, drop: true }] })

      const { end = '', counts } = mapText(mapping, text)

      assert.match(end, /^m\.yaml rules\[0\]\.when: /)
      assert.doesNotMatch(end, /secret/)
      assert.deepEqual(counts, ['test: error'])
    })
  }

  it('pass an event that none matches as it was published', async () => {
    const mapping = await compiled({ rules: [{ name: 'a', when: 'data.a == 1', drop: true }] })
    const text = '{ "event" : "x", "properties": {"n": 9007199254740993} }'

    const { texts, counts, children } = mapText(mapping, text)

    assert.deepEqual([texts, children], [[text], [0]])
    assert.deepEqual(counts, ['otherwise: matched'])
  })

  it('drop or reject an event that none matches, as otherwise says', async () => {
    const rules = [{ name: 'a', when: 'data.a == 1', drop: true }] as const

    const dropped = mapText(await compiled({ rules, otherwise: 'drop' }), '{}')
    const refused = mapText(await compiled({ rules, otherwise: 'reject' }), '{}')

    assert.equal(dropped.end, 'dropped by otherwise')
    assert.deepEqual(dropped.counts, ['otherwise: matched', 'otherwise: dropped'])
    assert.equal(refused.end, 'no rule of the mapping matches the event')
    assert.equal(refused.reason, 'transform_failed')
    assert.deepEqual(refused.counts, ['otherwise: matched', 'otherwise: rejected'])
  })

  it('map a message without data by its attributes', async () => {
    const mapping = await compiled({
      rules: [
        {
          name: 'ping',
          when: 'data == null && attributes.kind == "ping"',
          event: 'Ping ${message.messageId}',
          properties: { attributes: ['k*'] },
        },
      ],
    })

    const ping = mapText(mapping, undefined, { messageId: '7', attributes: { kind: 'ping' } })
    const empty = mapText(mapping, undefined)

    assert.deepEqual(ping.events, [
      { event: 'Ping 7', properties: { kind: 'ping', distinct_id: '' } },
    ])
    assert.deepEqual([empty.events, empty.end], [[], undefined])
  })

  it('read hostile keys', async () => {
    const mapping = await compiled({
      rules: [
        {
          name: 'all',
          when: 'data["constructor"].a == 1 && data["__proto__"].b == 2',
          event: '${data.hasOwnProperty}',
          properties: { from: '${data}' },
        },
      ],
    })
    const text = '{"constructor":{"a":1},"__proto__":{"b":2},"hasOwnProperty":"e"}'

    const { texts } = mapText(mapping, text)

    assert.deepEqual(texts, [`{"event":"e","properties":${text.slice(0, -1)},"distinct_id":""}}`])
  })

  it('make the same bytes of a message, whatever came before it', async () => {
    const draft = {
      rules: [
        {
          name: 'a',
          when: 'data.a > 1',
          events: [
            { event: 'A', properties: { from: '${data}' } },
            { event: 'B', each: '${data.l}' },
          ],
        },
      ],
    }
    const [one, other] = [await compiled(draft), await compiled(draft)]
    const texts = ['{"a":2,"l":[1,{"x":1}]}', '{"a":"t"}', '{"a":5,"l":{}}', '{"a":3}']

    const forwards = texts.map((text) => mapText(one, text))
    const backwards = texts.toReversed().map((text) => mapText(other, text))

    assert.deepEqual(forwards, backwards.toReversed())
  })

  for (const text of ['data.items', '${data.items} ', 'all ${data.items}', '$ {data.items}']) {
    it(`cannot take a list or an object from the text ${JSON.stringify(text)}`, async () => {
      const rule = { name: 'a', event: 'e', each: text, properties: { from: text } }
      const why = "must be one expression, like '${data.items}', with nothing beside it"

      assert.deepEqual(await problemsOf({ rules: [rule] }), [
        `rules[0].each: ${why}`,
        `rules[0].properties.from: ${why}`,
      ])
    })
  }

  it('report all mistakes in expressions', async () => {
    const problems = await problemsOf({
      rules: [
        { name: 'a', when: 'data.', drop: true },
        { name: 'b', when: 'dta.x == 1', event: '${data.y', properties: { set: { z: ['${'] } } },
        { name: 'c', events: [{ event: 'e' }, { event: 'e', time: '${dta.at}' }] },
      ],
    })

    assert.deepEqual(
      problems.map((problem) => problem.split(':')[0]),
      [
        'rules[0].when',
        'rules[1].when',
        'rules[1].event',
        'rules[1].properties.set.z[0]',
        'rules[2].events[1].time',
      ],
    )
  })
})

describe('the steps of a mapping', () => {
  it('tell what each rule did that was asked, and count nothing', async () => {
    const mapping = await compiled({
      rules: [
        { name: 'a', when: 'data.a == 1', drop: true },
        { name: 'b', when: 'data.b.size() > 0', drop: true },
        { name: 'c', event: 'e' },
      ],
    })

    const fine = mapping.explain({ b: '' }, { number: 1, text: '{"b":""}' }, aMessage())
    const faulty = mapping.explain({ b: 1 }, { number: 1, text: '{"b":1}' }, aMessage())

    assert.deepEqual(
      fine.steps.map(({ index, name, kind }) => [index, name, kind]),
      [
        [0, 'a', 'not_matched'],
        [1, 'b', 'not_matched'],
        [2, 'c', 'matched'],
      ],
    )
    assert.equal(fine.steps[0]?.why, 'data.a is null')
    assert.ok(!('kind' in fine.result))
    assert.deepEqual(
      faulty.steps.map(({ index, name, kind }) => [index, name, kind]),
      [
        [0, 'a', 'not_matched'],
        [1, 'b', 'failed'],
      ],
    )
    assert.match(String(faulty.steps[1]?.why), /^m\.yaml rules\[1\]\.when: /)
  })

  it('tell of the preset and of otherwise', async () => {
    const mapping = await compiled({ preset: 'form', otherwise: 'drop' }, FORM)

    const unknown = mapping.explain({}, { number: 1, text: '{}' }, aMessage())
    const known = mapping.explain(
      { type: 'track' },
      { number: 1, text: '{"type":"track"}' },
      aMessage(),
    )

    assert.deepEqual(unknown.steps, [
      { name: 'form', kind: 'not_matched', why: 'the input has another form' },
      { name: 'otherwise', kind: 'matched' },
    ])
    assert.deepEqual(known.steps, [{ name: 'form', kind: 'matched' }])
    const failed = mapping.explain(
      { type: 'bug' },
      { number: 1, text: '{"type":"bug"}' },
      aMessage(),
    )
    assert.deepEqual(failed.steps, [
      { name: 'form', kind: 'failed', why: 'the mapping threw TypeError' },
    ])
  })
})

const form: Preset = (input) => {
  const { type, name = 'E' } = Object(input)
  switch (type) {
    case 'track':
      return {
        kind: 'events',
        events: [{ event: name, properties: { a: 1, gone: undefined, distinct_id: 'u' } }],
      }
    case 'two':
      return {
        kind: 'events',
        events: [
          { event: 'E', properties: { n: 1 } },
          { event: 'F', properties: { n: 2 } },
        ],
      }
    case 'alias':
      return { kind: 'dropped', what: 'alias' }
    case 'bad':
      return { kind: 'rejected', detail: 'the form is bad', field: 'properties.x' }
    case 'bug':
      throw new TypeError('secret')
    case 'odd':
      throw 'secret'
    default:
      return { kind: 'unknown' }
  }
}
const FORM = presetOf(form)

describe('the preset of a mapping', () => {
  for (const [text, end, counts] of [
    [
      '{"type":"track"}',
      [{ event: 'E', properties: { a: 1, distinct_id: 'u' } }],
      ['form: matched'],
    ],
    ['{"type":"alias"}', 'dropped by form: alias', ['form: matched', 'form: alias: dropped']],
    ['{"type":"bad"}', 'the form is bad', ['form: matched', 'form: rejected']],
    ['{"type":"bug"}', 'the mapping threw TypeError', ['form: error']],
    ['{"type":"odd"}', 'the mapping threw a value that is no error', ['form: error']],
    ['{"type":"other"}', 'dropped by otherwise', ['otherwise: matched', 'otherwise: dropped']],
    ['{"type":"track","mine":true}', 'dropped by mine', ['mine: matched', 'mine: dropped']],
  ] as const) {
    it(`ends ${text} as ${JSON.stringify(end)}`, async () => {
      const mapping = await compiled(
        {
          preset: 'form',
          rules: [{ name: 'mine', when: 'data.mine', drop: true }],
          otherwise: 'drop',
        },
        FORM,
      )

      const mapped = mapText(mapping, text)

      assert.deepEqual(mapped.end ?? mapped.events, end)
      assert.deepEqual(mapped.counts, counts)
    })
  }

  it('rejects an event as one that the transform cannot map', async () => {
    const mapping = await compiled({ preset: 'form' }, FORM)

    assert.equal(mapText(mapping, '{"type":"bad"}').reason, 'transform_failed')
  })

  it('gets a message without data as undefined, and data that is null as null', async () => {
    const told = presetOf((input) => ({ kind: 'dropped', what: String(input) }))
    const mapping = await compiled({ preset: 'form' }, told)

    assert.equal(mapText(mapping, undefined).end, 'dropped by form: undefined')
    assert.equal(mapText(mapping, 'null').end, 'dropped by form: null')
  })

  it('is not asked about an event whose rule does not start with it', async () => {
    const mapping = await compiled(
      {
        preset: 'form',
        rules: [
          { name: 'items', when: 'data.items != null', each: '${data.items}', event: 'I' },
          { name: 'mine', event: 'e' },
        ],
      },
      FORM,
    )

    assert.equal(mapText(mapping, '{"type":"bad"}').events.length, 1)
    assert.equal(mapText(mapping, '{"type":"alias","items":[]}').end, 'dropped by items')
  })

  it('is the base of some shapes of a rule, beside others', async () => {
    const events = [{ base: 'preset' }, { event: 'e' }] as const
    const mapping = await compiled({ preset: 'form', rules: [{ name: 'a', events }] }, FORM)

    assert.deepEqual(
      mapText(mapping, '{"type":"two"}').events.map((event) => Object(event).event),
      ['E', 'F', 'e'],
    )
  })

  it('is the base of a shape', async () => {
    const mapping = await compiled(
      {
        preset: 'form',
        rules: [
          {
            name: 'mine',
            base: 'preset',
            user_id: 'v',
            properties: { rename: { a: 'b', n: 'm' }, set: { c: 3 } },
          },
        ],
      },
      FORM,
    )

    assert.deepEqual(mapText(mapping, '{"type":"track","name":"X"}').events, [
      { event: 'X', properties: { c: 3, b: 1, $user_id: 'v', distinct_id: 'v' } },
    ])
    const two = mapText(mapping, '{"type":"two"}')
    assert.deepEqual(
      two.events.map((event) => Object(event).properties.m),
      [1, 2],
    )
    assert.deepEqual(two.children, [1, 2])
    assert.equal(mapText(mapping, '{"type":"alias"}').end, 'dropped by form: alias')
    assert.equal(mapText(mapping, '{"type":"bad"}').end, 'the form is bad')
    const unknown = mapText(mapping, '{}')
    assert.equal(unknown.end, 'm.yaml rules[0].base: the preset does not know the input')
    assert.deepEqual(unknown.counts, ['mine: matched', 'mine: error'])
  })

  it('is a base to which only from adds properties of the event', async () => {
    const shaped = async (properties: PropertiesShape) => {
      const rule: Rule = { name: 'mine', base: 'preset', properties }
      const mapping = await compiled({ preset: 'form', rules: [rule] }, FORM)
      const text = '{"type":"track","properties":{"a":2,"b":3}}'
      return Object(mapText(mapping, text).events[0]).properties
    }

    assert.deepEqual(await shaped({ set: { c: 4 } }), { a: 1, c: 4, distinct_id: 'u' })
    assert.deepEqual(await shaped({ from: '${data.properties}' }), {
      a: 2,
      b: 3,
      distinct_id: 'u',
    })
  })

  it('is not known by another name, and has no other options', async () => {
    assert.deepEqual(await problemsOf({ preset: 'from' }, FORM), [
      'preset: from is no preset; did you mean form?',
    ])
    assert.deepEqual(await problemsOf({ preset: { name: 'from' } }, FORM), [
      'preset.name: from is no preset; did you mean form?',
    ])
    assert.deepEqual(await problemsOf({ preset: { name: 'form', merge: 1 } }, FORM), [
      'preset.merge: preset.merge is unknown; the keys here are ',
    ])
  })
})
