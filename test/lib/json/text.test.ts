import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ParsedEvent, propertyText, withProperties } from '../../../src/lib/json/text.ts'
import { eventText, jsonText } from './json-texts.ts'

const name = fc.constantFrom('time', '$insert_id', '__proto__', '', 'a"\\b')

describe('propertyText', () => {
  it('gives the digits of a number that a value would lose', () => {
    const text = '{"event":"a","properties":{"$insert_id":12345678901234567890}}'

    assert.equal(propertyText(text, '$insert_id'), '12345678901234567890')
  })

  it('looks for the name among the properties only, not beside or inside them', () => {
    const text = '{"time":1,"properties":{"a":{"time":2},"b":"\\"time\\":3"},"x":{"time":4}}'

    assert.equal(propertyText(text, 'time'), undefined)
  })

  it('gives nothing for an event whose properties are no object', () => {
    assert.equal(propertyText('{"properties":[{"time":1}]}', 'time'), undefined)
    assert.equal(propertyText('{"properties":["time",1]}', 'time'), undefined)
    assert.equal(propertyText('{"event":"a"}', 'time'), undefined)
  })

  it('agrees with JSON.parse about every event', () => {
    fc.assert(
      fc.property(eventText, name, (text, sought) => {
        const { properties } = parseEvent(text)

        const found = propertyText(text, sought)

        assert.equal(found !== undefined, Object.hasOwn(properties, sought))
        if (found !== undefined) assert.deepEqual(parse(found), ownOf(properties, sought))
      }),
    )
  })
})

describe('withProperties', () => {
  it('puts new members last and leaves every other byte as it was', () => {
    const text = '{ "event":"a" , "properties" : { "n": 12345678901234567890 } , "x":{} }'

    const result = changed(text, { time: '1', $insert_id: '"i"' })

    assert.equal(
      result,
      '{ "event":"a" , "properties" : { "n": 12345678901234567890 ,"time":1,"$insert_id":"i"} , "x":{} }',
    )
  })

  it('puts the first member into empty properties without a comma', () => {
    assert.equal(changed('{"properties":{ }}', { time: '1' }), '{"properties":{ "time":1}}')
  })

  it('replaces values where they stand, whichever comes first', () => {
    const text = '{"properties":{"$insert_id": 7 ,"a":1e400,"time":"x"},"event":"a"}'
    const expected = '{"properties":{"$insert_id": "77" ,"a":1e400,"time":1},"event":"a"}'

    assert.equal(changed(text, { time: '1', $insert_id: '"77"' }), expected)
    assert.equal(changed(text, { $insert_id: '"77"', time: '1' }), expected)
  })

  it('replaces one value and adds another at once', () => {
    const text = '{"event":"a","properties":{"time":null,"a":1}}'

    const result = changed(text, { $insert_id: '"i"', time: '1' })

    assert.equal(result, '{"event":"a","properties":{"time":1,"a":1,"$insert_id":"i"}}')
  })

  it('changes the last of members that have the same name, as JSON.parse lets it win', () => {
    const text = '{"properties":{"time":1},"properties":{"time":2,"t\\u0069me":3}}'

    const result = changed(text, { time: '4' })

    assert.equal(result, '{"properties":{"time":1},"properties":{"time":2,"t\\u0069me":4}}')
  })

  it('reads only the end of a text that ends with its properties, to add to them', () => {
    const event = { event: 'a', properties: { n: 1 } }

    const result = withProperties('{"event":"a","properties":{ unread }}', event, { time: '1' })

    assert.equal(result, '{"event":"a","properties":{ unread ,"time":1}}')
  })

  it('throws for a text that is not the text of its event', () => {
    const event = { event: 'a', properties: {}, x: 1 }

    for (const text of ['{"event":"a","x":1}', '{"event":"a","properties":[],"x":1}']) {
      assert.throws(() => withProperties(text, event, { time: '1' }), {
        name: 'TypeError',
        message: 'the properties of an event are not an object',
      })
    }
  })

  it('gives back the very text when there is nothing to set', () => {
    const text = '{"event":"a" ,"properties":{}}'

    assert.equal(changed(text, {}), text)
  })

  it('sets what it is told in any event and nothing else', () => {
    const assignments = fc.dictionary(name, jsonText, { maxKeys: 3 })

    fc.assert(
      fc.property(eventText, assignments, (text, values) => {
        const before = parseEvent(text)

        const after = parseEvent(changed(text, values))

        for (const [key, value] of Object.entries(values)) {
          assert.deepEqual(ownOf(after.properties, key), parse(value))
        }
        const untouched = ([key]: [string, unknown]) => !Object.hasOwn(values, key)
        assert.deepEqual(
          Object.entries(after.properties).filter(untouched),
          Object.entries(before.properties).filter(untouched),
        )
        assert.deepEqual({ ...after, properties: 0 }, { ...before, properties: 0 })
      }),
    )
  })

  it('changes no byte of any event by adding a member', () => {
    fc.assert(
      fc.property(eventText, (text) => {
        const result = changed(text, { added: '1' })

        assert.ok(result.length > text.length)
        assert.equal(result.replace(/,?"added":1/, ''), text)
      }),
    )
  })

  it('leaves a text as it was, byte for byte, when it sets what is there already', () => {
    fc.assert(
      fc.property(eventText, name, (text, key) => {
        const value = propertyText(text, key)
        fc.pre(value !== undefined)

        assert.equal(changed(text, { [key]: value }), text)
      }),
    )
  })
})

function changed(text: string, assignments: Record<string, string>): string {
  return withProperties(text, parseEvent(text), assignments)
}

function parse(text: string): unknown {
  return JSON.parse(text)
}

function parseEvent(text: string): ParsedEvent {
  return JSON.parse(text)
}

function ownOf(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value
}
