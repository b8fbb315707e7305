import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { countryCodeOf } from '../../../src/transform/presets/country-code.ts'
import { aContext, aPreset, eventsIn, propertiesOf } from './fixtures.ts'

const ga4 = await aPreset('ga4')
const row = {
  event_name: 'e',
  event_timestamp: 1_795_510_798_120_456,
  user_pseudo_id: '1.2',
  event_bundle_sequence_id: 7,
  batch_page_id: 1,
  batch_ordering_id: 2,
  batch_event_index: 3,
}

describe('the insert id of a GA4 row', () => {
  const idOf = (overrides: Record<string, unknown>, line = 1) =>
    propertiesOf(ga4({ ...row, ...overrides }, aContext({ line }))).$insert_id

  it('differs with each column that tells events apart', () => {
    const ids = [
      idOf({}),
      idOf({ event_name: 'f' }),
      idOf({ event_timestamp: row.event_timestamp + 1 }),
      idOf({ user_pseudo_id: '1.3' }),
      idOf({ event_bundle_sequence_id: 8 }),
      idOf({ batch_page_id: 9 }),
      idOf({ batch_ordering_id: 9 }),
      idOf({ batch_event_index: 9 }),
    ]

    assert.equal(new Set(ids).size, ids.length)
    for (const id of ids) assert.match(String(id), /^[0-9a-f]{36}$/)
  })

  it('is the same for an integer as number, as bigint and as text, on any line', () => {
    const asText = Object.fromEntries(Object.entries(row).map(([key, one]) => [key, String(one)]))

    assert.equal(idOf(asText, 5), idOf({}))
    assert.equal(idOf({ event_timestamp: BigInt(row.event_timestamp) }), idOf({}))
  })

  it('depends on no other column', () => {
    const others = { event_params: [{ key: 'a', value: { int_value: 1 } }], geo: { city: 'b' } }

    assert.equal(idOf({ ...others, user_id: 'u-1' }), idOf({}))
  })

  for (const given of ['batch_page_id', 'batch_ordering_id', 'batch_event_index']) {
    it(`takes no line when there is a ${given}`, () => {
      const bare = { batch_page_id: null, batch_ordering_id: null, batch_event_index: null }

      assert.equal(idOf({ ...bare, [given]: 4 }, 1), idOf({ ...bare, [given]: 4 }, 2))
    })
  }

  it('takes the line when the row has no place in its batch', () => {
    const bare = { batch_page_id: null, batch_ordering_id: null, batch_event_index: undefined }

    assert.notEqual(idOf(bare, 1), idOf(bare, 2))
    assert.equal(idOf(bare, 2), idOf(bare, 2))
  })

  it('is none without a time', () => {
    const properties = propertiesOf(ga4({ ...row, event_timestamp: null }, aContext()))

    assert.ok(!('$insert_id' in properties) && !('time' in properties))
  })
})

describe('the time of a GA4 row', () => {
  for (const [given, time] of [
    [1_795_510_798_120_999, 1_795_510_798_120],
    ['1795510798120456', 1_795_510_798_120],
    [1_795_510_798_120_456n, 1_795_510_798_120],
    [1000, 1],
    [999, 999],
    ['1795510798.5', '1795510798.5'],
    ['12345678901234567890', '12345678901234567890'],
    ['1795510798120456 ', '1795510798120456 '],
    [true, true],
    ['', undefined],
  ] as const) {
    it(`is ${time} for ${typeof given} ${given}`, () => {
      assert.equal(propertiesOf(ga4({ ...row, event_timestamp: given }, aContext())).time, time)
    })
  }
})

describe('the parameters of a GA4 row', () => {
  const sent = (parameters: unknown, overrides: Record<string, unknown> = {}) => {
    const { time, $insert_id, $device_id, distinct_id, ...rest } = propertiesOf(
      ga4({ ...row, event_params: parameters, ...overrides }, aContext()),
    )
    return rest
  }

  for (const [value, found] of [
    [{ string_value: 'a', int_value: null }, 'a'],
    [{ string_value: '', int_value: null }, ''],
    [{ string_value: '12', int_value: null }, '12'],
    [{ string_value: null, int_value: 0 }, 0],
    [{ int_value: '12' }, 12],
    [{ int_value: '-12' }, -12],
    [{ int_value: '9007199254740993' }, '9007199254740993'],
    [{ int_value: 9007199254740993n }, 9007199254740993n],
    [{ float_value: 0.5 }, 0.5],
    [{ double_value: 1.5, float_value: null }, 1.5],
    [{ double_value: '1.5' }, '1.5'],
    [{ string_value: null, int_value: null, float_value: null, double_value: null }, undefined],
    [{ set_timestamp_micros: 1 }, undefined],
    [{}, undefined],
    [null, undefined],
    ['a', undefined],
  ] as const) {
    const text = JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}n` : one))

    it(`have the value ${found} for ${text}`, () => {
      assert.deepEqual(sent([{ key: 'a', value }]), found === undefined ? {} : { a: found })
    })
  }

  it('are left out when they are no pairs', () => {
    const list = [null, 1, 'a', [], {}, { key: 1, value: { int_value: 1 } }, { value: {} }]

    assert.deepEqual(sent(list), {})
    assert.deepEqual(sent({ key: 'a', value: { int_value: 1 } }), {})
    assert.deepEqual(sent(null), {})
  })

  it('may have the key __proto__', () => {
    const list = [{ key: '__proto__', value: { string_value: 'a' } }]

    assert.equal(JSON.stringify(sent(list)), '{"__proto__":"a"}')
  })

  it('win over user properties, and named columns over both', () => {
    const pair = (key: string, text: string) => ({ key, value: { string_value: text } })
    const list = [pair('a', 'event'), pair('platform', 'event')]
    const user_properties = [pair('a', 'user'), pair('b', 'user'), pair('platform', 'user')]

    assert.deepEqual(sent(list, { user_properties, platform: 'WEB' }), {
      a: 'event',
      b: 'user',
      platform: 'WEB',
    })
  })

  it('are sent under their new names only', () => {
    const list = [{ key: 'page_location', value: { string_value: 'https://a.example' } }]

    assert.deepEqual(sent(list), { $current_url: 'https://a.example' })
  })

  it('of items become members of the item, and win over none', () => {
    const item_params = [
      { key: 'colour', value: { string_value: 'red' } },
      { key: 'price', value: { string_value: 'none' } },
    ]
    const items = [{ price: 1, coupon: null, brand: '(not set)', item_params }, 'a', null]

    assert.deepEqual(sent([], { items }), { items: [{ colour: 'red', price: 1 }] })
    assert.deepEqual(sent([], { items: [] }), {})
    assert.deepEqual(sent([], { items: { price: 1 } }), {})
  })
})

describe('a GA4 row', () => {
  for (const input of [
    ...[undefined, null, 1, 'event_name', [row], {}],
    ...[{ event_name: 'e' }, { event_timestamp: 1 }],
  ]) {
    it(`is not ${JSON.stringify(input)}`, () => {
      assert.deepEqual(ga4(input, aContext()), { kind: 'unknown' })
    })
  }

  for (const event_name of ['', ' ', null, {}]) {
    it(`is rejected with the name ${JSON.stringify(event_name)}`, () => {
      assert.deepEqual(ga4({ ...row, event_name }, aContext()), {
        kind: 'rejected',
        detail: 'event_name is empty',
        field: 'event',
      })
    })
  }

  it('has no value that is not set', () => {
    const geo = { city: '(not set)', region: '', country: '(not set)' }

    const properties = propertiesOf(ga4({ ...row, geo }, aContext()))

    assert.deepEqual(Object.keys(properties), ['time', '$insert_id', '$device_id', 'distinct_id'])
  })

  it('makes one event under simplified ID merge', () => {
    const ids = { user_id: 'u-1', user_pseudo_id: '23adfd82-aa0f-45a7-a756-24f2a7a4c895' }

    assert.equal(eventsIn(ga4({ ...row, ...ids }, aContext())).length, 1)
  })
})

describe('the code of a country', () => {
  for (const [name, code] of [
    ['Germany', 'DE'],
    ['United Kingdom', 'GB'],
    ['Russia', 'RU'],
    ['Hong Kong', 'HK'],
    ['Türkiye', 'TR'],
    ['Turkey', 'TR'],
    ['Côte d’Ivoire', 'CI'],
    ["Côte d'Ivoire", 'CI'],
    ['Trinidad & Tobago', 'TT'],
    ['Bosnia and Herzegovina', 'BA'],
    ['DE', 'DE'],
    ['de', undefined],
    ['DEU', undefined],
    ['a DE', undefined],
    ['Unknown Region', undefined],
    ['Atlantis', undefined],
    ['', undefined],
    [49, undefined],
    [null, undefined],
  ] as const) {
    it(`of ${name} is ${code}`, () => {
      assert.equal(countryCodeOf(name), code)
    })
  }
})
