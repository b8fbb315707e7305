import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isIgnored, storedRow } from '../../../src/local/mixpanel/stored-row.ts'
import { FAVOURED, type Switches } from '../../../src/local/mixpanel/switches.ts'
import { aRecord, NOW, NOW_SECONDS } from '../post-import.ts'

describe('an accepted record', () => {
  it('is stored with its name, ids, time in milliseconds, and time of arrival', () => {
    const row = stored(aRecord({ time: NOW_SECONDS - 1.5, plan: 'pro' }))

    assert.deepEqual(row, {
      event: 'signup',
      distinctId: 'ada',
      sentDistinctId: 'ada',
      insertId: 'insert-1',
      time: NOW - 1500,
      properties: {
        time: NOW_SECONDS - 1.5,
        distinct_id: 'ada',
        $insert_id: 'insert-1',
        plan: 'pro',
      },
      location: 'request',
      raw: 'as it stood in the body',
      receivedAt: NOW,
    })
  })

  it('has the same time whether that was sent in seconds or in milliseconds', () => {
    const times = [NOW_SECONDS - 7, NOW - 7000].map((time) => stored(aRecord({ time })).time)

    assert.deepEqual(times, [NOW - 7000, NOW - 7000])
  })

  it('is stored to the millisecond', () => {
    assert.equal(stored(aRecord({ time: NOW_SECONDS - 7.0005 })).time, NOW - 7001)
  })

  it('is stored as of now when its time is up to an hour ahead', () => {
    assert.equal(stored(aRecord({ time: NOW_SECONDS + 1800 })).time, NOW)
  })

  it('loses what lies behind the 255th character of names and values, at any depth', () => {
    const long = '😀'.repeat(256)
    const cut = '😀'.repeat(255)

    const row = stored(aRecord({ [long]: long, list: [long], nested: { [long]: long } }, long))

    assert.equal(row.event, cut)
    assert.equal(row.properties[cut], cut)
    assert.deepEqual(row.properties.list, [cut])
    assert.deepEqual(row.properties.nested, { [cut]: cut })
  })

  it('keeps strings of 255 characters, and what is no string', () => {
    const properties = { title: 'x'.repeat(255), score: 1, big: 2 ** 60, none: null, ok: true }

    assert.partialDeepStrictEqual(stored(aRecord(properties)).properties, properties)
  })

  const simplified = [
    { ids: { $user_id: 'u', $device_id: 'd' }, distinctId: 'u' },
    { ids: { $device_id: 'd' }, distinctId: '$device:d' },
    { ids: { $device_id: '$device:d' }, distinctId: '$device:d' },
    { ids: { $user_id: '', $device_id: '' }, distinctId: 'ada' },
    { ids: { distinct_id: '' }, distinctId: '' },
    { ids: { distinct_id: 42 }, distinctId: '42' },
  ]
  for (const { ids, distinctId } of simplified) {
    it(`belongs to "${distinctId}" in a Simplified project for ${JSON.stringify(ids)}`, () => {
      assert.equal(stored(aRecord(ids)).distinctId, distinctId)
    })
  }

  it('belongs to its distinct id in an Original project', () => {
    const row = stored(aRecord({ $user_id: 'u', $device_id: 'd' }), {
      idManagement: 'original',
    })

    assert.equal(row.distinctId, 'ada')
  })
})

describe('the place of an accepted record', () => {
  for (const { properties, unplaced = false, location } of [
    { properties: {}, location: 'request' },
    { properties: { ip: null }, location: 'request' },
    { properties: { ip: '' }, location: 'request' },
    { properties: {}, unplaced: true, location: 'none' },
    { properties: { ip: '203.0.113.9' }, unplaced: true, location: 'ip' },
    { properties: { ip: 0 }, location: 'none' },
    { properties: { ip: '0' }, location: 'none' },
    ...['$city', '$region', 'mp_country_code', '$latitude', '$longitude'].map((name) => {
      return { properties: { ip: '203.0.113.9', [name]: 'x' }, location: 'own' }
    }),
  ]) {
    const query = unplaced ? 'with' : 'without'
    it(`is "${location}" for ${JSON.stringify(properties)} ${query} ip=0`, () => {
      assert.equal(stored(aRecord(properties), {}, unplaced).location, location)
    })
  }

  it('is found by the property ip, which is then discarded', () => {
    assert.equal('ip' in stored(aRecord({ ip: '203.0.113.9' })).properties, false)
  })
})

describe('a truthy $ignore', () => {
  for (const [value, ignored] of [
    [true, true],
    [1, true],
    ['false', true],
    [false, false],
    [0, false],
    [null, false],
  ]) {
    it(`is ${JSON.stringify(value)}: ${ignored}`, () => {
      assert.equal(isIgnored(aRecord({ $ignore: value }), FAVOURED), ignored)
    })
  }
})

function stored(
  value: Readonly<Record<string, unknown>>,
  switches: Partial<Switches> = {},
  unplaced = false,
) {
  return storedRow({
    value,
    raw: 'as it stood in the body',
    switches: { ...FAVOURED, ...switches },
    unplaced,
    now: NOW,
    generateId: () => 'generated-1',
  })
}
