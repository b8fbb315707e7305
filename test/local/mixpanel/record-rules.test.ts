import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recordFault } from '../../../src/local/mixpanel/record-rules.ts'
import { FAVOURED } from '../../../src/local/mixpanel/switches.ts'
import { aRecord, NOW, NOW_SECONDS } from '../post-import.ts'

const HOUR_SECONDS = 3600
const YEAR_1971_SECONDS = 31_536_000
const NOT_SECONDS = "'properties.time' is invalid: must be specified as seconds since epoch"
const IN_FUTURE = "'properties.time' is invalid: must not be in the future"

const PLACEHOLDERS = [
  '00000000-0000-0000-0000-000000000000',
  'anon',
  'anonymous',
  'nil',
  'none',
  'null',
  'n/a',
  'na',
  'undefined',
  'unknown',
  '<nil>',
  '0',
  '-1',
  'true',
  'false',
  '[]',
  '{}',
]

interface Case {
  readonly what: string
  readonly record: Readonly<Record<string, unknown>>
}

const kept: readonly Case[] = [
  { what: 'seconds', record: aRecord({ time: NOW_SECONDS }) },
  { what: 'milliseconds', record: aRecord({ time: NOW }) },
  { what: 'a time an hour ahead', record: aRecord({ time: NOW_SECONDS + HOUR_SECONDS }) },
  { what: 'the first number that is milliseconds', record: aRecord({ time: 1e12 + 1 }) },
  { what: 'the first second of 1971', record: aRecord({ time: YEAR_1971_SECONDS }) },
  { what: 'an empty distinct id', record: aRecord({ distinct_id: '' }) },
  { what: 'an insert id of 36 characters', record: aRecord({ $insert_id: 'a-9'.repeat(12) }) },
  { what: '254 properties', record: aRecord(numbered(251)) },
  { what: 'a nested object of 254 keys', record: aRecord({ cart: numbered(254) }) },
  { what: 'a list of 254 elements', record: aRecord({ cart: Array(254).fill(1) }) },
  { what: 'nesting three levels deep', record: aRecord({ cart: { item: { price: {} } } }) },
  { what: 'the replacement character, well encoded', record: aRecord({ title: '\ufffd' }) },
]

const refused: readonly (Case & { readonly field: string; readonly message: string })[] = [
  ...[undefined, null, '', ' \t', 7].map((event) => ({
    what: `the event name ${JSON.stringify(event)}`,
    record: { ...aRecord(), event },
    field: 'event',
    message: "'event' must not be missing or blank",
  })),
  ...[undefined, null, 'x', [1]].map((properties) => ({
    what: `the properties ${JSON.stringify(properties)}`,
    record: { event: 'signup', properties },
    field: 'properties',
    message: "'properties' is invalid: must be an object",
  })),
  ...[undefined, null].map((time) => ({
    what: `the time ${time}`,
    record: aRecord({ time }),
    field: 'properties.time',
    message: "'properties.time' is invalid: must not be missing",
  })),
  ...['1628315585', '2021-08-07', true, 0, -1, YEAR_1971_SECONDS - 1].map((time) => ({
    what: `the time ${JSON.stringify(time)}`,
    record: aRecord({ time }),
    field: 'properties.time',
    message: NOT_SECONDS,
  })),
  ...[NOW_SECONDS + HOUR_SECONDS + 1, NOW + HOUR_SECONDS * 1000 + 1, NOW * 1000, 1e12].map(
    (time) => ({
      what: `the time ${time}`,
      record: aRecord({ time }),
      field: 'properties.time',
      message: IN_FUTURE,
    }),
  ),
  ...PLACEHOLDERS.flatMap((id) => [id, id.toUpperCase()]).map((distinct_id, index) => ({
    what: `the distinct id ${distinct_id} (${index})`,
    record: aRecord({ distinct_id }),
    field: 'properties.distinct_id',
    message: "'properties.distinct_id' is invalid: must not be a placeholder id",
  })),
  ...[0, -1, true, false, [], {}].map((distinct_id) => ({
    what: `the distinct id ${JSON.stringify(distinct_id)}, no string`,
    record: aRecord({ distinct_id }),
    field: 'properties.distinct_id',
    message: "'properties.distinct_id' is invalid: must not be a placeholder id",
  })),
  ...[undefined, null, ''].map(($insert_id) => ({
    what: `the insert id ${JSON.stringify($insert_id)}`,
    record: aRecord({ $insert_id }),
    field: '$insert_id',
    message: "'$insert_id' is invalid: must not be missing",
  })),
  {
    what: 'an insert id that is no string',
    record: aRecord({ $insert_id: 28096095 }),
    field: '$insert_id',
    message: "'$insert_id' is invalid: must be a string",
  },
  ...PLACEHOLDERS.map(($insert_id) => ({
    what: `the insert id ${$insert_id}`,
    record: aRecord({ $insert_id }),
    field: '$insert_id',
    message: "'$insert_id' is invalid: must not be a placeholder id",
  })),
  ...['a:b', 'a_b', 'é', 'a b', 'a\n'].map(($insert_id) => ({
    what: `the insert id ${JSON.stringify($insert_id)}`,
    record: aRecord({ $insert_id }),
    field: '$insert_id',
    message: "'$insert_id' is invalid: must only contain alphanumeric or hyphen '-' characters",
  })),
  {
    what: 'an insert id of 37 characters',
    record: aRecord({ $insert_id: 'a'.repeat(37) }),
    field: '$insert_id',
    message: "'$insert_id' is invalid: must not be longer than 36 bytes",
  },
  {
    what: '255 properties',
    record: aRecord(numbered(252)),
    field: 'properties',
    message: "'properties' is invalid: must have fewer than 255 properties",
  },
  {
    what: 'a nested object of 255 keys',
    record: aRecord({ cart: numbered(255) }),
    field: 'properties.cart',
    message: "'properties.cart' is invalid: must have fewer than 255 keys",
  },
  {
    what: 'a list of 255 elements, however deep it lies',
    record: aRecord({ cart: { items: Array(255).fill(1) } }),
    field: 'properties.cart',
    message: "'properties.cart' is invalid: must have fewer than 255 elements",
  },
  ...[{ a: { b: { c: {} } } }, [[[[]]]], { a: [{ b: [] }] }].map((cart) => ({
    what: `${JSON.stringify(cart)}, nested four levels deep`,
    record: aRecord({ cart }),
    field: 'properties.cart',
    message: "'properties.cart' is invalid: must not be nested deeper than 3 levels",
  })),
  ...['\ud800', ['\udfff'], { title: '\ud83d' }, { '\ud83d': 1 }].map((title) => ({
    what: `the lone surrogate in ${JSON.stringify(title)}`,
    record: aRecord({ title }),
    field: 'properties.title',
    message: "'properties.title' is invalid: string should be valid utf8",
  })),
  {
    what: 'a lone surrogate in the event name',
    record: aRecord({}, 'sign\ud800up'),
    field: 'event',
    message: "'event' is invalid: string should be valid utf8",
  },
]

describe('a record that keeps the rules', () => {
  for (const { what, record } of kept) {
    it(`may messageBytes ${what}`, () => {
      assert.equal(faultOf(record), undefined)
    })
  }

  it('may be one byte smaller than 1 MiB', () => {
    assert.equal(faultOf(aRecord(), { bytes: 1024 * 1024 - 1 }), undefined)
  })

  it('is not searched for lone surrogates when its JSON escapes nothing', () => {
    const record = aRecord({ title: '\ud800' })

    assert.equal(faultOf(record, { escapes: false }), undefined)
  })

  it('needs no distinct id in a Simplified project when it names a user or a device', () => {
    for (const id of [{ $user_id: 'ada' }, { $device_id: 'phone' }]) {
      assert.equal(faultOf(aRecord({ distinct_id: undefined, ...id })), undefined)
    }
  })
})

describe('a record is refused', () => {
  for (const { what, record, field, message } of refused) {
    it(`for ${what}`, () => {
      assert.deepEqual(faultOf(record), { field, message })
    })
  }

  const missing = {
    field: 'properties.distinct_id',
    message: "'properties.distinct_id' is invalid: must not be missing",
  }

  it('for want of a distinct id, a user and a device in a Simplified project', () => {
    for (const ids of [{}, { $user_id: '' }, { $device_id: null }]) {
      assert.deepEqual(faultOf(aRecord({ distinct_id: undefined, ...ids })), missing)
    }
  })

  it('for want of a distinct id in an Original project, whatever user it names', () => {
    const record = aRecord({ distinct_id: undefined, $user_id: 'ada', $device_id: 'phone' })

    assert.deepEqual(
      faultOf(record, { switches: { ...FAVOURED, idManagement: 'original' } }),
      missing,
    )
  })

  it('for a size of 1 MiB', () => {
    assert.deepEqual(faultOf(aRecord(), { bytes: 1024 * 1024 }), {
      field: 'event',
      message: "'event' is invalid: must be smaller than 1MB",
    })
  })

  it('for bytes that are no UTF-8, under the property that holds them', () => {
    assert.deepEqual(faultOf(aRecord({ title: 'caf\ufffd' }), { utf8: false }), {
      field: 'properties.title',
      message: "'properties.title' is invalid: string should be valid utf8",
    })
  })

  it('for nesting of any depth, without running out of stack', () => {
    const deep: unknown = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000))

    assert.equal(faultOf(aRecord({ deep }))?.field, 'properties.deep')
  })

  it('for the first rule it breaks only', () => {
    const record = aRecord({ time: undefined, distinct_id: 'null', $insert_id: '' })

    assert.equal(faultOf(record)?.field, 'properties.time')
  })
})

function faultOf(value: Readonly<Record<string, unknown>>, setting: object = {}) {
  const received = {
    value,
    bytes: 300,
    utf8: true,
    escapes: true,
    strict: true,
    switches: FAVOURED,
    now: NOW,
  }
  return recordFault({ ...received, ...setting })
}

function numbered(count: number): Readonly<Record<string, number>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index]))
}
