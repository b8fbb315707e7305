import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SESSION } from '../../../src/transform/presets/snowplow.ts'
import { aContext, aPreset, propertiesOf } from './fixtures.ts'

const snowplow = await aPreset('snowplow')
const event = { event_id: 'c6ef3124-b53a-4b13-a233-0088f79dcbcb', event_name: 'e' }
const [SESSIONS = ''] = SESSION.split('.')

describe('an enriched event', () => {
  it('that is tab-separated is refused with the way to JSON', () => {
    const result = snowplow('shop\tweb\t2026-11-24 08:59:59.500', aContext())

    assert.equal(result.kind, 'rejected')
    assert.match(JSON.stringify(result), /Snowbridge with spEnrichedToJson/)
  })

  for (const input of [
    ...[undefined, null, 1, 'a text', [event], {}],
    ...[{ event_id: 'a' }, { event_name: 'e' }],
  ]) {
    it(`is not ${JSON.stringify(input)}`, () => {
      assert.deepEqual(snowplow(input, aContext()), { kind: 'unknown' })
    })
  }

  for (const event_name of ['', ' ', null, {}]) {
    it(`is rejected with the name ${JSON.stringify(event_name)}`, () => {
      assert.deepEqual(snowplow({ ...event, event_name }, aContext()), {
        kind: 'rejected',
        detail: 'event_name is empty',
        field: 'event',
      })
    })
  }

  for (const [domain_userid, userId, id] of [
    ['d-1', 's-1', 'd-1'],
    [null, 's-1', 's-1'],
    [undefined, 's-1', 's-1'],
    [undefined, undefined, undefined],
  ] as const) {
    it(`has the device ${id} for ${domain_userid} and the session's ${userId}`, () => {
      const input = { ...event, domain_userid, [SESSIONS]: [{ userId }, { userId: 'other' }] }

      assert.equal(propertiesOf(snowplow(input, aContext())).$device_id, id)
    })
  }

  it('has the data of its self-describing event, with integers past 2^53', () => {
    const data = { a: 9007199254740993n, b: { c: [1] } }

    const sent = mapped({ unstruct_event_com_acme_a_1: data, contexts_com_acme_b_1: [{ d: 1 }] })

    assert.deepEqual(sent, data)
  })

  for (const data of [null, 'a', 1, [1]]) {
    it(`has no data in ${JSON.stringify(data)}`, () => {
      assert.deepEqual(mapped({ unstruct_event_com_acme_a_1: data }), {})
    })
  }

  for (const v_tracker of ['', null, {}, 4]) {
    it(`has no library in ${JSON.stringify(v_tracker)}`, () => {
      assert.ok(!('mp_lib' in mapped({ v_tracker })))
    })
  }

  it('sends no field that has no name in Mixpanel', () => {
    assert.deepEqual(mapped({ network_userid: 'n', user_fingerprint: 'f', etl_tstamp: 't' }), {})
  })
})

function mapped(fields: Record<string, unknown>): Readonly<Record<string, unknown>> {
  const { $insert_id, distinct_id, ...rest } = propertiesOf(
    snowplow({ ...event, ...fields }, aContext()),
  )
  return rest
}
