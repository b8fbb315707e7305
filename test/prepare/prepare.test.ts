import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rejected } from '../../src/model/outcome.ts'
import { aMessage } from '../helpers/builders.ts'
import { enclosed, jsonText, memberText, nameText } from '../lib/json/json-texts.ts'
import {
  anEvent,
  BAD_IDS,
  byContent,
  byMessage,
  candidateOf,
  PUBLISHED,
  preparedOf,
  propertiesOf,
  rejectedOf,
  stepOf,
} from './events.ts'

const LEGAL_ID = /^[A-Za-z0-9-]{1,36}$/

const givenTime = fc.constantFrom('1628315585', '1628315585000', '1.5e9', '"2021-08-07"', 'null')
const givenId = fc.constantFrom(
  '"i"',
  '"a_b"',
  'null',
  '""',
  '0',
  '12345678901234567890',
  '{"a" : 1}',
)

/** Events laid out in odd ways, with times and insert ids of every kind, once, twice or not. */
const anyEventText = enclosed(
  '{',
  fc.oneof(
    memberText(fc.constantFrom('"time"', '"t\\u0069me"'), givenTime),
    memberText(fc.constantFrom('"$insert_id"', '"\\u0024insert_id"'), givenId),
    memberText(nameText, jsonText),
  ),
  '}',
).map((properties) => `{ "event":"a" ,"properties": ${properties}}`)

describe('createPrepare', () => {
  it('lets an event that needs no change go out byte for byte', () => {
    const text =
      '{ "properties" : {"time":1628315585,"$insert_id":"28096095","n":12345678901234567890} ,"event":"a"}'

    assert.deepEqual(preparedOf(text), {
      kind: 'prepared',
      text,
      bytes: text.length,
      insertId: '28096095',
      time: 1_628_315_585_000,
      identityVerb: false,
    })
  })

  it('leaves an insert id as it is written, escapes and all', () => {
    const text = '{"event":"a","properties":{"time":1628315585,"$insert_id":"\\u0061\\u002d1"}}'

    assert.partialDeepStrictEqual(preparedOf(text), { text, insertId: 'a-1' })
  })

  it('splices in what an event lacks and leaves the rest', () => {
    const { text } = preparedOf('{"event":"a","properties":{"n":12345678901234567890}}')

    assert.equal(
      text,
      `{"event":"a","properties":{"n":12345678901234567890,"time":${PUBLISHED},"$insert_id":"2070443601311540-1"}}`,
    )
  })

  it('measures an event in bytes of UTF-8', () => {
    const event = preparedOf('{"event":"é✓","properties":{}}')

    assert.equal(event.bytes, Buffer.byteLength(event.text))
  })

  it('marks identity verbs', () => {
    const names = ['$identify', '$create_alias', '$merge', '$identified', 'merge']

    const marks = names.map(
      (name) => preparedOf(`{"event":"${name}","properties":{}}`).identityVerb,
    )

    assert.deepEqual(marks, [true, true, true, false, false])
  })

  it('answers each candidate in its place', () => {
    const steps = byMessage(aMessage(), ['1', anEvent({}), '[]'].map(candidateOf))

    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ['rejected', 'prepared', 'rejected'],
    )
  })

  describe('rejects as invalid_event', () => {
    for (const [text, detail, field] of [
      ['1', 'the event is not a JSON object', undefined],
      ['null', 'the event is not a JSON object', undefined],
      ['"event"', 'the event is not a JSON object', undefined],
      ['[{"event":"a","properties":{}}]', 'the event is not a JSON object', undefined],
      ['{}', 'the event has no name', 'event'],
      ['{"event":"","properties":{}}', 'the event has no name', 'event'],
      ['{"event":null,"properties":{}}', 'the event has no name', 'event'],
      ['{"event":1,"properties":{}}', 'the event has no name', 'event'],
      ['{"event":"a"}', 'the properties are not a JSON object', 'properties'],
      ['{"event":"a","properties":null}', 'the properties are not a JSON object', 'properties'],
      ['{"event":"a","properties":[]}', 'the properties are not a JSON object', 'properties'],
      ['{"event":"a","properties":"{}"}', 'the properties are not a JSON object', 'properties'],
    ] as const) {
      it(`${text}, for ${detail}`, () => {
        assert.deepEqual(rejectedOf(text), rejected('invalid_event', detail, field))
      })
    }

    for (const id of new Set(BAD_IDS.flatMap((bad) => [bad, bad.toUpperCase()]))) {
      it(`the distinct id ${id}`, () => {
        assert.deepEqual(
          rejectedOf(anEvent({ distinct_id: id })),
          rejected(
            'invalid_event',
            'the distinct id is a placeholder that Mixpanel refuses',
            'properties.distinct_id',
          ),
        )
      })
    }

    it('no distinct id that is no string, for that is left to Mixpanel', () => {
      for (const id of ['', 0, -1, true, null, [], 'anon1', 'anon '.repeat(10)]) {
        assert.equal(stepOf(anEvent({ distinct_id: id })).kind, 'prepared')
      }
    })
  })

  for (const [mode, prepare] of [
    ['message', byMessage],
    ['content', byContent],
  ] as const) {
    it(`makes the same of a message each time by ${mode}`, () => {
      fc.assert(
        fc.property(fc.array(anyEventText), (texts) => {
          const steps = prepare(aMessage(), texts.map(candidateOf))

          assert.deepEqual(prepare(aMessage({ deliveryAttempt: 9 }), texts.map(candidateOf)), steps)
        }),
      )
    })

    it(`makes what Mixpanel takes of any event, and touches nothing else, by ${mode}`, () => {
      fc.assert(
        fc.property(anyEventText, (text) => {
          const [step] = prepare(aMessage(), [candidateOf(text)])
          fc.pre(step?.kind === 'prepared')

          const { time, $insert_id: id, ...rest } = propertiesOf(step.text)
          const { time: _time, $insert_id: _id, ...before } = propertiesOf(text)
          assert.ok(Number.isInteger(time))
          assert.ok(typeof id === 'string' && LEGAL_ID.test(id) && !BAD_IDS.includes(id))
          assert.equal(id, step.insertId)
          assert.deepEqual(rest, before)
        }),
        { numRuns: 300 },
      )
    })
  }

  it('takes an event up to the last byte below 1 MiB, with what is spliced in', () => {
    const spliced = preparedOf(anEvent({ a: '' })).bytes
    const room = 1_048_576 - spliced

    assert.equal(stepOf(anEvent({ a: 'x'.repeat(room - 1) })).kind, 'prepared')
    for (const a of ['x'.repeat(room), 'é'.repeat(room / 2)]) {
      const expected = rejected('too_large', 'the event has 1048576 bytes')
      assert.deepEqual(rejectedOf(anEvent({ a })), expected)
    }
  })
})
