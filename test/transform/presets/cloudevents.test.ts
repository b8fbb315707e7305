import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CLOUDEVENTS } from '../../../src/transform/presets/cloudevents.ts'
import { aContext, aPreset, eventsIn, propertiesOf } from './fixtures.ts'

const ATTRIBUTES = { 'ce-type': 't', 'ce-source': '/s', 'ce-id': '1' }
const STRUCTURED = { 'content-type': 'application/cloudevents+json' }
const event = { type: 't', source: '/s', id: '1' }

const byData = await aPreset('cloudevents', { distinct_id: 'data.user_id' })

describe('the place of the user id of a CloudEvent', () => {
  for (const [place, attributes, input] of [
    ['data.user_id', ATTRIBUTES, { user_id: 'u-1' }],
    ['data.user.ids.0', ATTRIBUTES, { user: { ids: ['u-1'] } }],
    ['data.user id', ATTRIBUTES, { 'user id': 'u-1' }],
    ['subject', { ...ATTRIBUTES, 'ce-subject': 'u-1' }, {}],
    ['source', { ...ATTRIBUTES, 'ce-source': 'u-1' }, {}],
    ['ce-userid', { ...ATTRIBUTES, 'ce-userid': 'u-1' }, {}],
    ['data.user_id', STRUCTURED, { ...event, data: { user_id: 'u-1' } }],
    ['subject', STRUCTURED, { ...event, subject: 'u-1' }],
    ['source', STRUCTURED, { ...event, source: 'u-1' }],
    ['ce-userid', STRUCTURED, { ...event, userid: 'u-1' }],
  ] as const) {
    const mode = 'ce-type' in attributes ? 'binary' : 'structured'

    it(`can be ${place} in ${mode} mode`, async () => {
      const preset = await aPreset('cloudevents', { distinct_id: place })

      assert.equal(propertiesOf(preset(input, aContext({ attributes }))).distinct_id, 'u-1')
    })
  }

  for (const options of [
    {},
    { distinct_id: '' },
    { distinct_id: 'data' },
    { distinct_id: 'data.' },
    { distinct_id: 'data..id' },
    { distinct_id: 'user_id' },
    { distinct_id: 'ce-' },
    { distinct_id: 'ce-User' },
    { distinct_id: 'a subject' },
    { distinct_id: 'subjects' },
    { distinct_id: 1 },
    { distinct_id: 'subject', other: 1 },
  ]) {
    it(`cannot be ${JSON.stringify(options)}`, () => {
      assert.equal(CLOUDEVENTS.create(options).kind, 'faulty')
    })
  }

  it('may be empty', () => {
    for (const user_id of [undefined, null, '', ' ']) {
      const result = byData({ user_id }, aContext({ attributes: ATTRIBUTES }))

      assert.equal(propertiesOf(result).distinct_id, '')
    }
  })
})

describe('the mode of a CloudEvent', () => {
  for (const contentType of [
    'application/cloudevents+json',
    'application/cloudevents',
    ' Application/CloudEvents+JSON; charset=utf-8',
    'application/cloudevents-batch+json',
  ]) {
    it(`is structured with the content type ${contentType}`, () => {
      const attributes = { ...ATTRIBUTES, 'content-type': contentType, 'ce-type': 'other' }

      const [first] = eventsIn(byData(event, aContext({ attributes })))

      assert.equal(first?.event, 't')
    })
  }

  for (const contentType of ['application/json', '', 'text/application/cloudevents']) {
    it(`is binary with the content type ${contentType || 'none'}`, () => {
      const attributes = { ...ATTRIBUTES, 'content-type': contentType, 'ce-type': 'binary' }

      const [first] = eventsIn(byData(event, aContext({ attributes })))

      assert.equal(first?.event, 'binary')
    })
  }

  it('is none without attributes of CloudEvents', () => {
    for (const attributes of [{}, { 'content-type': 'application/json' }, { type: 't' }]) {
      assert.deepEqual(byData(event, aContext({ attributes })), { kind: 'unknown' })
    }
  })

  for (const input of [undefined, null, 'text', 1, [event]]) {
    it(`is not structured with ${JSON.stringify(input)} as the event`, () => {
      assert.deepEqual(byData(input, aContext({ attributes: STRUCTURED })), {
        kind: 'rejected',
        detail: 'a structured CloudEvent is a JSON object',
        field: 'event',
      })
    })
  }
})

describe('the insert id of a CloudEvent', () => {
  it('is the same in both modes', () => {
    const binary = byData({}, aContext({ attributes: ATTRIBUTES }))
    const structured = byData(event, aContext({ attributes: STRUCTURED, line: 7 }))

    assert.equal(propertiesOf(binary).$insert_id, propertiesOf(structured).$insert_id)
  })

  it('differs with the source, the id, and the line of a binary message', () => {
    const ids = [
      [ATTRIBUTES, 1],
      [{ ...ATTRIBUTES, 'ce-source': '/other' }, 1],
      [{ ...ATTRIBUTES, 'ce-id': '2' }, 1],
      [{ ...ATTRIBUTES, 'ce-source': '/s#', 'ce-id': '1' }, 1],
      [{ ...ATTRIBUTES, 'ce-source': '/s', 'ce-id': '#1' }, 1],
      [ATTRIBUTES, 2],
      [ATTRIBUTES, 3],
    ] as const

    const found = ids.map(([attributes, line]) =>
      propertiesOf(byData({}, aContext({ attributes, line }))),
    )

    assert.equal(new Set(found.map(({ $insert_id }) => $insert_id)).size, ids.length)
    for (const { $insert_id } of found) assert.match(String($insert_id), /^[0-9a-f]{36}$/)
  })

  for (const missing of ['ce-source', 'ce-id']) {
    it(`is none without ${missing}`, () => {
      const attributes = { ...ATTRIBUTES, [missing]: '' }

      const properties = propertiesOf(byData({ $insert_id: 'x' }, aContext({ attributes })))

      assert.ok(!('$insert_id' in properties))
    })
  }
})

describe('the data of a CloudEvent', () => {
  const mapped = (data: unknown) => {
    const { $insert_id, ce_source, distinct_id, ...rest } = propertiesOf(
      byData(data, aContext({ attributes: ATTRIBUTES })),
    )
    return rest
  }

  it('gets dotted names down to the third level', () => {
    const given = { a: 1, b: { c: { d: { e: 1 } }, f: [{ g: 1 }] }, h: {}, i: null }

    assert.deepEqual(mapped(given), { a: 1, 'b.c.d': { e: 1 }, 'b.f': [{ g: 1 }], h: {}, i: null })
  })

  it('keeps integers past 2^53, and the name __proto__', () => {
    const text = '{"__proto__":{"polluted":1},"b":{"__proto__":2}}'
    const given = { ...JSON.parse(text), id: 9007199254740993n }

    const sent = mapped(given)

    assert.deepEqual(Object.entries(sent), [
      ['__proto__.polluted', 1],
      ['b.__proto__', 2],
      ['id', 9007199254740993n],
    ])
  })

  it('keeps an inner object __proto__ that is empty', () => {
    const sent = mapped(JSON.parse('{"__proto__":[1]}'))

    assert.deepEqual(JSON.stringify(sent), '{"__proto__":[1]}')
  })

  for (const data of ['text', 1, false, null, [1, 2]]) {
    it(`is the property data when it is ${JSON.stringify(data)}`, () => {
      assert.deepEqual(mapped(data), { data })
    })
  }

  it('is no property when there is none', () => {
    assert.deepEqual(mapped(undefined), {})
  })
})

describe('a CloudEvent', () => {
  it('ends in an outcome whatever its attributes are, twice the same', () => {
    const name = fc.constantFrom('content-type', 'ce-type', 'ce-id', 'ce-source', 'ce-time', 'ce-')
    const text = fc.oneof(fc.string(), fc.constantFrom('application/cloudevents', '\ud800'))
    const attributes = fc.dictionary(fc.oneof(name, fc.string()), text)

    fc.assert(
      fc.property(fc.jsonValue(), attributes, (input, given) => {
        const context = aContext({ attributes: given })

        assert.deepEqual(byData(input, context), byData(input, context))
      }),
    )
  })
})
