import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keyOfLetter, readLetter } from '../../src/dead-letter/stored-letter.ts'
import { aDeadLetter } from './a-dead-letter.ts'

describe('reading a letter from its line', () => {
  for (const letter of [
    aDeadLetter(),
    aDeadLetter({ child: 2, children: 3, ordinal: 4, insertId: 'i', time: 5, field: 'event' }),
    aDeadLetter({ line: 0, reason: 'too_many_rejected', events: 2, lines: '1,3-999999999' }),
  ]) {
    it(`reads what the service wrote: ${letter.reason} on line ${letter.line}`, () => {
      assert.deepEqual(readLetter(JSON.stringify(letter)), letter)
    })
  }

  it('reads a reason of a later version, fields that it does not know, and no content', () => {
    const { event, ...letter } = { ...aDeadLetter(), reason: 'too_odd', bytes: 7 }

    assert.deepEqual(readLetter(JSON.stringify(letter)), letter)
  })

  for (const [what, text] of Object.entries({
    'no JSON': '{"id":"1-1","deadLe',
    'no object': '"1-1"',
    null: 'null',
    'an event': '{"event":"e","properties":{}}',
    'a torn line that another one follows': `{"id":"1-1","event":"{${JSON.stringify(aDeadLetter())}`,
    'a letter without a message': lineOf({ message: undefined }),
    'a letter without an id': lineOf({ id: undefined }),
    'a letter of no time': lineOf({ deadLetteredAt: 'yesterday' }),
    'a letter of a stage that is unknown': lineOf({ stage: 'half' }),
    'a letter with a line below 0': lineOf({ line: -1 }),
    'a letter with half a child': lineOf({ child: 1 }),
    'a letter with a child beyond the last': lineOf({ child: 2, children: 1 }),
    'a letter with lines that are no ranges': lineOf({ lines: '3-1' }),
    'a letter with a time that is a text': lineOf({ time: 'now' }),
    'a letter with replays that are no count': lineOf({ replays: 1.5 }),
    'a letter with an event that is an object': lineOf({ event: {} }),
    'a letter with an attribute that is a number': lineOf({
      message: { messageId: '1', subscription: '', attributes: { a: 1 } },
    }),
  })) {
    it(`takes ${what} for no letter`, () => {
      assert.equal(readLetter(text), undefined)
    })
  }
})

describe('the key of a letter', () => {
  const letter = aDeadLetter()
  const { message } = letter

  it('differs by subscription, id, replays, and all that is sent again', () => {
    const { event, ...empty } = letter
    const others = [
      letter,
      aDeadLetter({ id: '1-2' }),
      aDeadLetter({ replays: 1 }),
      aDeadLetter({ message: { ...message, subscription: 'projects/p/subscriptions/o' } }),
      aDeadLetter({ event: '{"event": ' }),
      { ...empty, data: '{"event":' },
      empty,
      aDeadLetter({ stage: 'mapped' }),
      aDeadLetter({ lines: '1' }),
      aDeadLetter({ lines: '1-2' }),
      aDeadLetter({ ordinal: 2 }),
      aDeadLetter({ message: { ...message, attributes: { plan: 'pro' } } }),
      aDeadLetter({ message: { ...message, attributes: { plan: 'free' } } }),
    ]

    assert.equal(new Set(others.map(keyOfLetter)).size, others.length)
  })

  it('is the same for the letters that several deliveries of one message make', () => {
    const first = aDeadLetter({ message: { ...message, attributes: { a: '1', b: '2' } } })
    const second = aDeadLetter({
      deadLetteredAt: '2026-01-02T00:00:00.000Z',
      reason: 'transform_failed',
      detail: 'stored again',
      insertId: 'i',
      time: 5,
      message: {
        ...message,
        publishTime: '2026-01-01T00:00:00Z',
        attributes: { b: '2', a: '1' },
        deliveryAttempt: 2,
      },
    })

    assert.equal(keyOfLetter(first), keyOfLetter(second))
  })
})

function lineOf(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...aDeadLetter(), ...changes })
}
