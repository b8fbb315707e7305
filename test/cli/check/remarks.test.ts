import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anEvent, briefly, remarksOn, remarksOnRecurring } from './scene.ts'

const DAY = Date.UTC(2025, 11, 31)

describe('remarks on one event', () => {
  it('has none on a good event, with or without an insert id', () => {
    assert.deepEqual(remarksOn(anEvent(), anEvent({ $insert_id: 'order-17' })), [])
  })

  it('counts the characters of a text that Mixpanel cuts', () => {
    const [remark] = remarksOn(anEvent({ note: 'x'.repeat(1_204) }))

    assert.deepEqual(remark, {
      kind: 'cut',
      field: 'properties.note',
      detail: '1,204 characters, Mixpanel keeps 255',
    })
  })

  const CUTS: readonly (readonly [what: string, text: string, found: readonly string[]])[] = [
    ['a text of 255 characters', anEvent({ note: 'x'.repeat(255) }), []],
    ['255 characters of two code units each', anEvent({ note: '😀'.repeat(255) }), []],
    [
      '256 characters of two code units each',
      anEvent({ note: '😀'.repeat(256) }),
      ['cut properties.note'],
    ],
    ['a text in a list', anEvent({ list: ['a', 'x'.repeat(256)] }), ['cut properties.list[1]']],
    ['a text in an object', anEvent({ a: { b: 'x'.repeat(256) } }), ['cut properties.a.b']],
    ['a long name of an event', anEvent({}, 'x'.repeat(256)), ['cut event']],
    ['a long distinct id', anEvent({ distinct_id: 'x'.repeat(256) }), []],
    [
      'a long name of a property',
      anEvent({ ['x'.repeat(256)]: 1 }),
      [`cut properties.${'x'.repeat(60)}…`],
    ],
    [
      'a long name in an object',
      anEvent({ a: { ['x'.repeat(256)]: 1 } }),
      [`cut properties.a.${'x'.repeat(60)}…`],
    ],
  ]
  for (const [what, text, found] of CUTS) {
    it(`finds ${found.length === 0 ? 'nothing' : 'a cut'} in ${what}`, () => {
      assert.deepEqual(briefly(remarksOn(text)), found)
    })
  }

  const SHAPES: readonly (readonly [what: string, properties: object, found: readonly string[]])[] =
    [
      ['254 properties, with the insert id that the service adds', many(251), []],
      [
        '255 properties, with the insert id that the service adds',
        many(252),
        ['too_many properties'],
      ],
      ['an object of 255 keys', { a: many(255) }, ['too_many properties.a']],
      ['an array of 254 elements', { a: Array(254).fill(1) }, []],
      ['an array of 255 elements', { a: Array(255).fill(1) }, ['long_array properties.a']],
      ['three levels', { a: { b: { c: 1 } } }, []],
      ['three levels and a list', { a: { b: { c: [] } } }, ['too_deep properties.a.b.c']],
      ['four levels', { a: { b: { c: { d: 1 } } } }, ['too_deep properties.a.b.c']],
      ['a hiding name', { $bucket: 1 }, ['reserved properties.$bucket']],
      ['a name of Mixpanel', { mp_anything: 1 }, ['reserved properties.mp_anything']],
      ['a name under mp_ that clients set', { mp_lib: 'web', mp_country_code: 'CH' }, []],
      ['$ignore: true', { $ignore: true }, ['ignored properties.$ignore']],
      ['$ignore: "yes"', { $ignore: 'yes' }, ['ignored properties.$ignore']],
      ['$ignore: false', { $ignore: false }, []],
      [
        'a time of two years and a day ago',
        { time: Date.UTC(2024, 0, 1) },
        ['too_old properties.time'],
      ],
      ['a time of less than two years ago', { time: Date.UTC(2024, 0, 2) }, []],
    ]
  for (const [what, properties, found] of SHAPES) {
    it(`finds ${found[0]?.split(' ')[0] ?? 'nothing'} in ${what}`, () => {
      assert.deepEqual(briefly(remarksOn(anEvent(properties))), found)
    })
  }

  it('says how many levels a deep text has, without walking down', () => {
    const deep = `${'{"a":'.repeat(900)}1${'}'.repeat(900)}`

    const found = remarksOn(`{"event":"e","properties":{"time":1760000000,"deep":${deep}}}`)

    assert.deepEqual(briefly(found), ['too_deep properties.deep.a.a'])
  })
})

describe('remarks on an event that is changed', () => {
  it('names an insert id that is not legal, and the one in its place', () => {
    const [remark] = remarksOn(anEvent({ $insert_id: 'order/17' }))

    assert.match(
      remark?.detail ?? '',
      /^\$insert_id "order\/17" is not legal: would be [\da-f]{36}$/,
    )
  })

  it('names a placeholder, in whose place an id is derived', () => {
    const [remark] = remarksOn(anEvent({ $insert_id: 'Undefined' }))

    assert.equal(remark?.detail, '$insert_id "Undefined" is a placeholder: would be derived')
  })

  it('names a time after the publish time', () => {
    const [remark] = remarksOn(anEvent({ time: '2026-01-01T00:30:00Z' }))

    assert.deepEqual(remark, {
      kind: 'changed',
      field: 'properties.time',
      detail:
        'time 2026-01-01T00:30:00.000Z is after the publish time: would be 2026-01-01T00:00:00.000Z',
    })
  })

  const SAME: readonly (readonly [what: string, properties: object])[] = [
    ['a time in ISO 8601', { time: '2025-12-31' }],
    ['a time in seconds', { time: 1_760_000_000 }],
    ['no time', { time: undefined }],
    ['an insert id that is a number', { $insert_id: 17 }],
    ['an empty insert id', { $insert_id: '' }],
    ['an insert id that is null', { $insert_id: null }],
  ]
  for (const [what, properties] of SAME) {
    it(`does not call it a change when there is ${what}`, () => {
      assert.deepEqual(remarksOn(anEvent(properties)), [])
    })
  }
})

describe('remarks on an event that is not sent', () => {
  it('tells a text that is not JSON from an event that is rejected', () => {
    assert.deepEqual(remarksOn('{"event":', '{"event":"e"}', anEvent({ time: 'soon' })), [
      { kind: 'not_json', detail: 'line 1 is not JSON' },
      { kind: 'rejected', field: 'properties', detail: 'the properties are not a JSON object' },
      {
        kind: 'rejected',
        field: 'properties.time',
        detail: 'the time is neither an epoch in seconds or ms nor ISO 8601',
      },
    ])
  })
})

describe('remarks on many events', () => {
  it('reports the first name past 5,000 once', () => {
    const names = (count: number) =>
      Array.from({ length: count }, (_, n) => anEvent({}, `name-${n}`))

    assert.deepEqual(remarksOn(names(5_000), names(5_000)), [])
    assert.deepEqual(briefly(remarksOn(names(5_010))), ['many_names event'])
  })

  it('takes names that are equal in their first 255 characters for one', () => {
    const names = Array.from({ length: 5_010 }, (_, n) => anEvent({}, `${'x'.repeat(255)}${n}`))

    assert.ok(!briefly(remarksOn(names)).includes('many_names event'))
  })

  it('takes a distinct id that has no text', () => {
    const odd = [{ toString: 1, valueOf: 1 }, [{ toString: null }], true, null]

    assert.deepEqual(remarksOn(odd.map((id) => anEvent({ distinct_id: id }))), [])
  })

  it('reports an id with more than 200,000 events on a day once, and no other', () => {
    const text = anEvent({ time: undefined })
    const hot = { text, times: Array.from({ length: 200_002 }, (_, n) => DAY + n) }
    const next = { text, times: Array.from({ length: 1_000 }, (_, n) => DAY - 1 - n) }
    const others = Array.from({ length: 1_000 }, (_, n) => ({
      text: anEvent({ time: undefined, distinct_id: `u-${n + 2}` }),
      times: [DAY],
    }))

    const found = remarksOnRecurring(next, ...others, hot, next, ...others)

    assert.deepEqual(briefly(found), ['hot_id properties.distinct_id'])
    assert.match(found[0]?.detail ?? '', /2025-12-31/)
    assert.doesNotMatch(found[0]?.detail ?? '', /u-1/)
  })

  it('does not count events without a distinct id', () => {
    const text = anEvent({ time: undefined, distinct_id: '' })

    assert.deepEqual(remarksOnRecurring({ text, times: Array(200_002).fill(DAY) }), [])
  })
})

function many(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, n]))
}
