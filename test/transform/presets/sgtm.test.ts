import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SGTM } from '../../../src/transform/presets/sgtm.ts'
import { aContext, aPreset, eventsIn, propertiesOf } from './fixtures.ts'

const sgtm = await aPreset('sgtm')

describe('the event data of a server container', () => {
  it('keeps the keys that are not read by name, and integers past 2^53', () => {
    const rest = { value: 0, big: 9007199254740993n, list: [null], user: { id: 1 }, 'y-x-': true }

    const { distinct_id, ...sent } = propertiesOf(sgtm({ event_name: 'e', ...rest }, aContext()))

    assert.deepEqual(sent, rest)
  })

  it('keeps the key __proto__, and gets no prototype of it', () => {
    const input = JSON.parse('{"event_name":"e","__proto__":{"client_id":"c"}}')

    const sent = propertiesOf(sgtm(input, aContext()))

    assert.equal(JSON.stringify(sent), '{"__proto__":{"client_id":"c"},"distinct_id":""}')
  })

  it('leaves out what is internal and what is personal', () => {
    const input = { event_name: 'e', 'x-': 1, 'x-ga-a.b': 2, user_data: { email_address: 'x' } }

    assert.deepEqual(propertiesOf(sgtm(input, aContext())), { distinct_id: '' })
  })

  it('keeps of these what the option names', async () => {
    const keep = ['x-ga-a.b', 'user_data.address.country', 'user_data.none', 'user_data.__proto__']
    const preset = await aPreset('sgtm', { keep })
    const input = {
      event_name: 'e',
      'x-ga-a.b': 2,
      'x-other': 1,
      user_data: { email_address: 'x', address: { country: 'DE', city: 'Berlin' } },
    }

    assert.deepEqual(propertiesOf(preset(input, aContext())), {
      'x-ga-a.b': 2,
      'user_data.address.country': 'DE',
      distinct_id: '',
    })
  })

  it('keeps all of user_data when the option names it', async () => {
    const preset = await aPreset('sgtm', { keep: ['user_data'] })
    const user_data = { email_address: 'x' }

    assert.deepEqual(propertiesOf(preset({ event_name: 'e', user_data }, aContext())), {
      user_data,
      distinct_id: '',
    })
  })

  for (const options of [
    { keep: 'x-ga' },
    { keep: ['page_title'] },
    { keep: ['x-'] },
    { keep: ['user_data.'] },
    { keep: ['user_data2'] },
    { id_merge: 'both' },
    { keeps: [] },
  ]) {
    it(`has no option ${JSON.stringify(options)}`, () => {
      assert.equal(SGTM.create(options).kind, 'faulty')
    })
  }

  for (const event_name of ['', ' ', null, true, {}, []]) {
    it(`is rejected with the name ${JSON.stringify(event_name)}`, () => {
      assert.deepEqual(sgtm({ event_name }, aContext()), {
        kind: 'rejected',
        detail: 'event_name is empty',
        field: 'event',
      })
    })
  }

  it('is named by a number, too', () => {
    const [first] = eventsIn(sgtm({ event_name: 404 }, aContext()))

    assert.equal(first?.event, '404')
  })

  for (const input of [undefined, null, 1, 'event_name', [], {}, { name: 'e' }]) {
    it(`is not ${JSON.stringify(input)}`, () => {
      assert.deepEqual(sgtm(input, aContext()), { kind: 'unknown' })
    })
  }
})
