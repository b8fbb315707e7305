import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Shape } from '../../../../src/transform/mapping/mapping-file.ts'
import { compiled, mapText, problemsOf, shaped } from '../map.ts'

describe('the ids of a shape', () => {
  for (const [what, shape, input, made] of [
    ['are none', {}, {}, { distinct_id: '' }],
    ['keep the distinct id of the properties', {}, { distinct_id: 'p' }, { distinct_id: 'p' }],
    [
      'are made of the user of the properties',
      {},
      { $user_id: 'u', $device_id: 'd' },
      { $user_id: 'u', $device_id: 'd', distinct_id: 'u' },
    ],
    [
      'are made of the device of the properties',
      {},
      { $device_id: 'd' },
      { $device_id: 'd', distinct_id: '$device:d' },
    ],
    [
      'replace a distinct id that is null',
      {},
      { distinct_id: null, $user_id: 'u' },
      { distinct_id: 'u', $user_id: 'u' },
    ],
    [
      'set the distinct id',
      { distinct_id: '${data.id}' },
      { id: 'u', $user_id: 'v' },
      { $user_id: 'v', distinct_id: 'u' },
    ],
    [
      'set an empty distinct id',
      { distinct_id: '' },
      { $user_id: 'v' },
      { $user_id: 'v', distinct_id: '' },
    ],
    ['set the user', { user_id: '${data.id}' }, { id: 'u' }, { $user_id: 'u', distinct_id: 'u' }],
    [
      'set the device',
      { device_id: '${data.id}' },
      { id: 'd' },
      { $device_id: 'd', distinct_id: '$device:d' },
    ],
    [
      'set user and device',
      { user_id: '${data.u}', device_id: '${data.d}' },
      { u: 'u', d: 'd' },
      { $user_id: 'u', $device_id: 'd', distinct_id: 'u' },
    ],
    [
      'take an empty user for none',
      { user_id: '${data.u}', device_id: '${data.d}' },
      { u: '', d: 'd' },
      { $device_id: 'd', distinct_id: '$device:d' },
    ],
    [
      'take an absent user for none, and leave out that of the properties',
      { user_id: '${data.u}' },
      { $user_id: 'v', distinct_id: 'p' },
      { distinct_id: 'p' },
    ],
    [
      'set the user in the place of another distinct id',
      { user_id: 'u' },
      { distinct_id: 'p' },
      { $user_id: 'u', distinct_id: 'u' },
    ],
    [
      'are texts',
      { user_id: '${data.u}', device_id: '${data.d}' },
      { u: 17, d: 1.5 },
      { $user_id: '17', $device_id: '1.5', distinct_id: '17' },
    ],
    [
      'keep the distinct id of the properties beside a user and a device of theirs',
      {},
      { distinct_id: 'p', $user_id: 'u', $device_id: 'd' },
      { distinct_id: 'p', $user_id: 'u', $device_id: 'd' },
    ],
    [
      'set the device in the place of another distinct id',
      { device_id: 'd' },
      { distinct_id: 'p' },
      { $device_id: 'd', distinct_id: '$device:d' },
    ],
    [
      'set groups',
      { groups: { company: '${data.c}', team: '${data.t}' } },
      { c: 'acme' },
      { company: 'acme', distinct_id: '' },
    ],
    [
      'set the insert id',
      { insert_id: '${data.n}-x' },
      { n: 5 },
      { $insert_id: '5-x', distinct_id: '' },
    ],
    [
      'leave out an insert id of which a part is null',
      { insert_id: '${data.m}-x' },
      { $insert_id: 'i' },
      { distinct_id: '' },
    ],
    [
      'set the time',
      { time: '${data.at}' },
      { at: 1_700_000_000 },
      { time: 1_700_000_000, distinct_id: '' },
    ],
  ] as const) {
    it(what, async () => {
      const { events } = await mapProperties(shape, input)

      assert.deepEqual(events, [{ event: 'e', properties: made }])
    })
  }

  for (const [key, text, input, detail] of [
    ['event', '${data.type}', {}, 'data.type is null'],
    ['event', 'Order ${data.type}', {}, 'data.type is null'],
    ['time', '${data.at}', { at: null }, 'data.at is null'],
    ['distinct_id', '${data.user.id}', { user: 'x' }, 'data.user.id is null'],
    ['distinct_id', '${attributes.user}', {}, 'attributes.user is null'],
  ] as const) {
    it(`reject an event when ${key} is ${text} of ${JSON.stringify(input)}`, async () => {
      const { end, counts } = await shaped({ event: 'e', [key]: text }, input)

      assert.equal(end, `m.yaml rules[0].${key}: ${detail}`)
      assert.deepEqual(counts, ['all: matched', 'all: absent'])
    })
  }

  for (const [key, value, type] of [
    ['event', 5, 'a number'],
    ['distinct_id', ['secret'], 'a list'],
    ['user_id', { secret: 1 }, 'an object'],
    ['device_id', true, 'true or false'],
    ['insert_id', { secret: 1 }, 'an object'],
  ] as const) {
    it(`reject an event when ${key} is ${type}`, async () => {
      const { end = '', counts } = await shaped({ event: 'e', [key]: '${data.x}' }, { x: value })

      assert.match(
        end,
        new RegExp(`^m\\.yaml rules\\[0\\]\\.${key}: the (id|name) is ${type}, not a text$`),
      )
      assert.deepEqual(counts, ['all: matched', 'all: error'])
    })
  }

  it('have their mistakes told at the place of the group', async () => {
    const rule = { name: 'a', event: 'e', groups: { company: '${dta.x}' } }

    assert.deepEqual(await problemsOf({ rules: [rule] }), [
      'rules[0].groups.company: `dta` is not known; did you mean data?',
    ])
  })

  it('keep large numbers to the last digit', async () => {
    const shape = {
      event: 'e',
      user_id: '${data.u}',
      device_id: '${data.d}',
      insert_id: '${data.u}',
    }
    const mapping = await compiled({ rules: [{ name: 'all', ...shape }] })

    const { events } = mapText(mapping, '{"u":9007199254740993,"d":1.00000000000000000001}')

    assert.deepEqual(events, [
      {
        event: 'e',
        properties: {
          $user_id: '9007199254740993',
          $device_id: '1.00000000000000000001',
          distinct_id: '9007199254740993',
          $insert_id: '9007199254740993',
        },
      },
    ])
  })

  /** Maps data with these properties, and the same values at its top. */
  function mapProperties(shape: Shape, input: Readonly<Record<string, unknown>>) {
    const names = ['distinct_id', '$user_id', '$device_id', '$insert_id']
    const properties = Object.fromEntries(
      Object.entries(input).filter(([name]) => names.includes(name)),
    )
    return shaped({ event: 'e', ...shape }, { ...input, properties })
  }
})
