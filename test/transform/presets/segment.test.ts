import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sectionOf, spansIn, tableOf, textOf } from '../../docs/markdown.ts'
import { aContext, aPreset, eventsIn, fixturesOf, propertiesOf } from './fixtures.ts'

const DEVICE = '23adfd82-aa0f-45a7-a756-24f2a7a4c895'
const call = { type: 'track', event: 'Signed In', messageId: 'm-1', timestamp: 1_795_510_798_000 }

const segment = await aPreset('segment')
const original = await aPreset('segment', { id_merge: 'original' })
const withProducts = await aPreset('segment', { product_events: true })

describe('the user of a Segment call', () => {
  for (const [userId, id] of [
    ['u-1', 'u-1'],
    [' u-1 ', ' u-1 '],
    [4711, '4711'],
    [9007199254740993n, '9007199254740993'],
  ] as const) {
    it(`is ${typeof userId} ${userId}, as text`, () => {
      const { distinct_id, $user_id } = mapped({ userId, anonymousId: DEVICE })

      assert.deepEqual([distinct_id, $user_id], [id, id])
    })
  }

  for (const userId of [undefined, null, '', ' \t']) {
    it(`is nobody when the user id is ${JSON.stringify(userId)}`, () => {
      const properties = mapped({ userId, anonymousId: DEVICE })

      assert.equal(properties.distinct_id, `$device:${DEVICE}`)
      assert.ok(!('$user_id' in properties))
    })
  }

  for (const userId of [true, false, {}, [], ['u-1']]) {
    it(`rejects the call when the user id is ${JSON.stringify(userId)}`, () => {
      assert.deepEqual(segment({ ...call, userId }, aContext()), {
        kind: 'rejected',
        detail: 'userId is neither a text nor a number',
        field: 'properties.distinct_id',
      })
    })
  }
})

describe('the device of a Segment call', () => {
  for (const [anonymousId, id] of [
    [DEVICE, DEVICE],
    [17, '17'],
    [`$device:${DEVICE}`, DEVICE],
  ] as const) {
    it(`is ${anonymousId}, with one prefix`, () => {
      const { distinct_id, $device_id } = mapped({ anonymousId })

      assert.deepEqual([distinct_id, $device_id], [`$device:${id}`, id])
    })
  }

  for (const anonymousId of [
    ...[undefined, null, '', ' ', 0, -1, true, {}, []],
    ...['undefined', 'NULL', 'anonymous', '00000000-0000-0000-0000-000000000000'],
    ...['$device:', '$device: ', '$device:null'],
  ]) {
    it(`is none when the anonymous id is ${JSON.stringify(anonymousId)}`, () => {
      const properties = mapped({ anonymousId })

      assert.equal(properties.distinct_id, '')
      assert.ok(!('$device_id' in properties))
    })
  }
})

describe('a Segment call under original ID merge', () => {
  it('links its two ids with the same insert id each time', () => {
    const ids = { userId: 'u-1', anonymousId: DEVICE }
    const [first, second] = [call, { ...call, messageId: 'm-2', timestamp: 1 }].map((one) =>
      eventsIn(original({ ...one, ...ids }, aContext())),
    )

    assert.deepEqual(
      first?.map(({ event }) => event),
      ['Signed In', '$identify'],
    )
    assert.deepEqual(first?.[0]?.properties, {
      $insert_id: 'm-1',
      time: call.timestamp,
      distinct_id: 'u-1',
    })
    assert.equal(first?.[1]?.properties.time, call.timestamp)
    assert.equal(first?.[1]?.properties.$insert_id, second?.[1]?.properties.$insert_id)
  })

  it('gives each pair of ids a link with an insert id of its own', () => {
    const pairs = [
      { userId: 'u-1', anonymousId: DEVICE },
      { userId: 'u-2', anonymousId: DEVICE },
      { userId: 'u-1', anonymousId: DEVICE.replace('2', '3') },
    ]

    const ids = pairs.map((ids) => eventsIn(original({ ...call, ...ids }, aContext()))[1])

    assert.equal(new Set(ids.map((link) => link?.properties.$insert_id)).size, 3)
  })

  it('makes a link without a time when it has none', () => {
    const { timestamp, ...timeless } = call
    const ids = { userId: 'u-1', anonymousId: DEVICE }

    const [, link] = eventsIn(original({ ...timeless, ...ids }, aContext()))

    assert.deepEqual(Object.keys(link?.properties ?? {}).sort(), [
      ...['$anon_id', '$identified_id', '$insert_id', 'distinct_id'],
    ])
  })

  for (const ids of [
    { userId: 'u-1' },
    { anonymousId: DEVICE },
    { userId: 'u-1', anonymousId: '507f191e810c19729de860ea' },
    { userId: 'u-1', anonymousId: `${DEVICE}0` },
    { userId: 'u-1', anonymousId: `0${DEVICE}` },
    { userId: 'u-1', anonymousId: DEVICE.replace('-45', '-15') },
  ]) {
    it(`makes no link of ${JSON.stringify(ids)}`, () => {
      const events = eventsIn(original({ ...call, ...ids }, aContext()))

      assert.deepEqual(
        events.map(({ properties }) => properties.distinct_id),
        [ids.userId ?? ids.anonymousId],
      )
    })
  }
})

describe('the properties of a Segment call', () => {
  it('keep integers past 2^53 and values of any type', () => {
    const properties = {
      id: 9007199254740993n,
      list: [1, null],
      deep: { a: { b: '' } },
      none: null,
    }

    assert.deepEqual({ ...mapped({ properties }), ...properties }, mapped({ properties }))
  })

  it('keep a property __proto__, and get no prototype of it', () => {
    const properties = JSON.parse('{"__proto__":{"time":1},"constructor":"c"}')

    const sent = mapped({ properties })

    assert.deepEqual(JSON.parse(JSON.stringify(sent)), {
      ...properties,
      ...{ $insert_id: 'm-1', time: call.timestamp, distinct_id: '' },
    })
  })

  for (const properties of [undefined, null, 'text', 1, true, [{ a: 1 }]]) {
    it(`are none when they are ${JSON.stringify(properties)}`, () => {
      assert.deepEqual(Object.keys(mapped({ properties })), ['$insert_id', 'time', 'distinct_id'])
    })
  }

  it('leave out values of the context that are no plain ones', () => {
    const context = { os: { name: { a: 1 }, version: null }, locale: '', ip: ['1.2.3.4'], page: [] }

    assert.deepEqual(Object.keys(mapped({ context })), ['$insert_id', 'time', 'distinct_id'])
  })

  it('keep a false and a zero of the context', () => {
    const { $os_version, $carrier } = mapped({
      context: { os: { version: 0 }, network: { carrier: false } },
    })

    assert.deepEqual([$os_version, $carrier], [0, false])
  })
})

describe('the names that a preset alone sets', () => {
  const names = ['distinct_id', '$distinct_id', '$distinct_ids', '$user_id', '$device_id']
  names.push('$identified_id', '$anon_id', '$insert_id', 'time', '$time')

  for (const name of names) {
    it(`have ${name} among them, as every page says`, () => {
      const bare = { type: 'track', event: 'e', properties: { [name]: 'given' } }

      assert.deepEqual(propertiesOf(segment(bare, aContext())), { distinct_id: '' })
      for (const preset of ['segment', 'cloudevents', 'sgtm', 'ga4', 'snowplow']) {
        const left = sectionOf(textOf(`docs/presets/${preset}.md`), '## Left out')
        assert.ok(spansIn(left).includes(name), preset)
      }
    })
  }
})

describe('a Segment call', () => {
  for (const input of [
    ...[undefined, null, 1, 'track', [call], {}],
    ...[{ type: 'Track' }, { type: 'batch' }, { type: ['track'] }, { event: 'e' }],
  ]) {
    it(`is not ${JSON.stringify(input)}`, () => {
      assert.deepEqual(segment(input, aContext()), { kind: 'unknown' })
    })
  }
})

describe('the time of a Segment call', () => {
  for (const [timestamp, originalTimestamp, time] of [
    ['2026-11-24T09:00:00Z', '2026-11-24T08:00:00Z', '2026-11-24T09:00:00Z'],
    [null, '2026-11-24T08:00:00Z', '2026-11-24T08:00:00Z'],
    ['', '2026-11-24T08:00:00Z', '2026-11-24T08:00:00Z'],
    ['yesterday', '2026-11-24T08:00:00Z', 'yesterday'],
    [undefined, undefined, undefined],
  ] as const) {
    it(`is ${time} of ${timestamp} and ${originalTimestamp}`, () => {
      const { time: found } = mapped({ timestamp, originalTimestamp, properties: { time: 1 } })

      assert.equal(found, time)
    })
  }
})

describe('the names of Segment calls', () => {
  for (const [type, name, event] of [
    ['page', 'Docs', 'Viewed Docs'],
    ['page', 404, 'Viewed 404'],
    ['page', ' ', 'Viewed Page'],
    ['page', {}, 'Viewed Page'],
    ['screen', 'Home', 'Viewed Home'],
    ['screen', null, 'Viewed Screen'],
  ] as const) {
    it(`are ${event} for a ${type} named ${JSON.stringify(name)}`, () => {
      const [first] = eventsIn(segment({ ...call, type, name }, aContext()))

      assert.equal(first?.event, event)
    })
  }

  for (const event of [undefined, null, '', ' ', {}, true]) {
    it(`reject a track of ${JSON.stringify(event)}`, () => {
      assert.deepEqual(segment({ ...call, event }, aContext()), {
        kind: 'rejected',
        detail: 'event has no name',
        field: 'event',
      })
    })
  }
})

describe('the group of a Segment call', () => {
  for (const [groupKey, groupId, value] of [
    ['company_id', 'acme', 'acme'],
    ['company_id', 17, '17'],
    ['__proto__', 'acme', 'acme'],
    ['company_id', '', undefined],
    ['company_id', { id: 'acme' }, undefined],
  ] as const) {
    it(`${JSON.stringify(groupId)} is ${value} at the key ${groupKey}`, async () => {
      const grouping = await aPreset('segment', { group_key: groupKey })

      const properties = propertiesOf(grouping({ ...call, context: { groupId } }, aContext()))

      const found = Object.hasOwn(properties, groupKey) ? properties[groupKey] : undefined
      assert.equal(found, value)
    })
  }
})

describe('the products of an order of Segment', () => {
  const order = { ...call, event: 'Order Completed' }

  it('have the names of the order, whatever they hold themselves', () => {
    const product = { sku: 'a', time: 1, distinct_id: 'x', $insert_id: 'y', ip: '10.0.0.1' }
    const properties = { order_id: 'o-1', total: 2, products: [product, product] }

    const [, first, second] = eventsIn(
      withProducts(
        { ...order, userId: 'u-1', properties, context: { ip: '203.0.113.7' } },
        aContext(),
      ),
    )

    const { $insert_id, ...rest } = first?.properties ?? {}
    assert.equal(first?.event, 'Product Purchased')
    assert.deepEqual(rest, {
      order_id: 'o-1',
      sku: 'a',
      ip: '203.0.113.7',
      time: call.timestamp,
      distinct_id: 'u-1',
      $user_id: 'u-1',
    })
    assert.match(String($insert_id), /^[0-9a-f]{36}$/)
    assert.notEqual($insert_id, second?.properties.$insert_id)
  })

  it('have no sums of the order', () => {
    const sums = ['affiliation', 'subtotal', 'total', 'revenue', 'shipping', 'tax', 'discount']
    sums.push('coupon', 'currency', 'order_number')
    const own = Object.fromEntries(sums.map((name) => [name, 1]))

    const [, product] = eventsIn(
      withProducts({ ...order, properties: { ...own, a: 1, products: [{ tax: 2 }] } }, aContext()),
    )

    const { $insert_id, time, distinct_id, ...rest } = product?.properties ?? {}
    assert.deepEqual(rest, { a: 1, tax: 2 })
  })

  it('have no insert id when the order has none', () => {
    const { messageId, ...rest } = { ...order, properties: { products: [{ sku: 'a' }] } }

    const [, product] = eventsIn(withProducts(rest, aContext()))

    assert.deepEqual(Object.keys(product?.properties ?? {}), ['sku', 'time', 'distinct_id'])
  })

  for (const [why, given] of [
    ['are no list', { ...order, properties: { products: { sku: 'a' } } }],
    ['are no objects', { ...order, properties: { products: ['a', null, [1]] } }],
    ['are of another event', { ...call, properties: { products: [{ sku: 'a' }] } }],
  ] as const) {
    it(`make no events when they ${why}`, () => {
      assert.equal(eventsIn(withProducts(given, aContext())).length, 1)
    })
  }

  it('reject the call when their events would have more than 200,000 values', () => {
    // An event of a product has 26 names, the list of products, and the others of the order.
    const others = Object.fromEntries(Array.from({ length: 173 }, (_, at) => [`p${at}`, at]))
    const of = (count: number) =>
      withProducts(
        {
          ...order,
          properties: { ...others, products: Array.from({ length: count }, () => ({})) },
        },
        aContext(),
      )

    assert.equal(eventsIn(of(1_000)).length, 1_001)
    assert.deepEqual(of(1_001), {
      kind: 'rejected',
      detail: 'the events of properties.products have more than 200000 values',
      field: 'properties.products',
    })
  })

  it('make no events without the option', () => {
    const given = { ...order, properties: { products: [{ sku: 'a' }] } }

    assert.equal(eventsIn(segment(given, aContext())).length, 1)
  })
})

describe('the comparison in the page of the preset segment', () => {
  const fixtures = new Map(fixturesOf('segment').map(({ file, output }) => [file, output]))
  const rows = tableOf(
    textOf('docs/presets/segment.md'),
    ...['event', 'property', 'this preset', 'Segment', 'RudderStack'],
  )
  const compared: string[] = []

  for (const { event = '', property, ...row } of rows) {
    if (event !== '') compared.push(spansIn(event)[0] ?? '')
    const file = compared.at(-1) ?? ''
    const [, at = '0', name = ''] = /^(?:\[(\d)\] )?(.*)$/.exec(spansIn(property)[0] ?? '') ?? []

    it(`has ${name} of event ${at} of ${file} as it is`, () => {
      const output = fixtures.get(`${file}.json`)
      const made = output === undefined ? undefined : eventsIn(output)[Number(at)]
      const [shown = 'null'] = spansIn(row['this preset'])

      assert.ok(made !== undefined)
      const found = name === 'event' ? made.event : made.properties[name]
      assert.deepEqual(found ?? null, JSON.parse(shown))
    })
  }

  it('is of five events', () => {
    assert.equal(new Set(compared).size, 5)
  })
})

function mapped(overrides: Record<string, unknown>): Readonly<Record<string, unknown>> {
  return propertiesOf(segment({ ...call, ...overrides }, aContext()))
}
