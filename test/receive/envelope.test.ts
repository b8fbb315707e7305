import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Ajv } from 'ajv'
import { isPushEnvelope, PUSH_ENVELOPE } from '../../src/receive/envelope.ts'

const MESSAGE = {
  data: 'SGVsbG8=',
  messageId: '2070443601311540',
  message_id: '2070443601311540',
  publishTime: '2021-02-26T19:13:55.749Z',
  publish_time: '2021-02-26T19:13:55.749Z',
}
const NO_TIMES = { publishTime: null, publish_time: null, orderingKey: null }
const SUBSCRIPTION = 'projects/myproject/subscriptions/mysubscription'

it('the schema of a push envelope is valid itself', () => {
  assert.ok(new Ajv().validateSchema(PUSH_ENVELOPE))
})

describe('a push envelope is', () => {
  for (const [what, body] of [
    ['the smallest of the documentation', { message: MESSAGE, subscription: SUBSCRIPTION }],
    [
      'the largest of the documentation',
      {
        deliveryAttempt: 5,
        message: { ...MESSAGE, attributes: { key: 'value' }, orderingKey: 'key' },
        subscription: SUBSCRIPTION,
      },
    ],
    ['one with camelCase names alone', { message: { messageId: '1', publishTime: 'x' } }],
    ['one with snake_case names alone', { message: { message_id: '1', publish_time: 'x' } }],
    ['one without data', { message: { messageId: '1', attributes: { key: 'value' } } }],
    ['one with empty parts', { message: { messageId: '1', data: '', attributes: {} } }],
    ['one with an empty attribute', { message: { messageId: '1', attributes: { '': '' } } }],
    ['one with an id that is no number', { message: { messageId: 'hand-made' } }],
    [
      'one that says null of all that may be absent',
      {
        message: { messageId: '1', message_id: null, data: null, attributes: null, ...NO_TIMES },
        subscription: null,
        deliveryAttempt: null,
      },
    ],
    ['one whose first id is null', { message: { messageId: null, message_id: '1' } }],
    ['one with all the attributes that Pub/Sub takes', withAttributes(100, 256, 1_024)],
    ['one with some more, of another Pub/Sub', withAttributes(200, 1_024, 4_096)],
    ['one with the longest id that is kept', { message: { messageId: 'x'.repeat(1_024) } }],
    ['one with keys of tomorrow', { message: { messageId: '1', tags: [1] }, region: { id: 1 } }],
  ] as const) {
    it(what, () => {
      const read: unknown = JSON.parse(JSON.stringify(body))

      assert.ok(isPushEnvelope(read))
      assert.deepEqual(read, body)
    })
  }
})

describe('no push envelope is', () => {
  for (const [what, body] of [
    ['an event', { event: 'signed_up', properties: {} }],
    ['an array', [{ message: MESSAGE }]],
    ['a string', 'hello'],
    ['null', null],
    ['an empty object', {}],
    ['one whose message is a string', { message: 'hello' }],
    ['one whose message is null', { message: null }],
    ['one whose message is an array', { message: [MESSAGE] }],
    ['one without a message id', { message: { data: 'SGVsbG8=' } }],
    ['one with an empty message id', { message: { messageId: '' } }],
    ['one with an empty message_id', { message: { message_id: '' } }],
    ['one with a numeric message id', { message: { messageId: 1 } }],
    ['one with data that is no string', { message: { messageId: '1', data: { event: 'a' } } }],
    ['one with a list of attributes', { message: { messageId: '1', attributes: ['a'] } }],
    ['one with a numeric attribute', { message: { messageId: '1', attributes: { a: 1 } } }],
    ['one with a numeric publish time', { message: { messageId: '1', publishTime: 1 } }],
    ['one with a numeric publish_time', { message: { messageId: '1', publish_time: 1 } }],
    ['one with a numeric ordering key', { message: { messageId: '1', orderingKey: 1 } }],
    ['one with a numeric subscription', { message: MESSAGE, subscription: 1 }],
    ['one with a delivery attempt in words', { message: MESSAGE, deliveryAttempt: '5' }],
    ['one without any id but null', { message: { messageId: null, message_id: null } }],
    ['one whose only id is null', { message: { message_id: null } }],
    [
      'one with an attribute that is null',
      { message: { messageId: '1', attributes: { a: null } } },
    ],
    ['one with an id that no letter could keep', { message: { messageId: 'x'.repeat(1_025) } }],
    ['one with more attributes than any push', withAttributes(201, 10, 10)],
    ['one with a longer name than any', withAttributes(1, 1_025, 10)],
    ['one with a longer value than any', withAttributes(1, 10, 4_097)],
    ['one with a long subscription', { message: MESSAGE, subscription: 'x'.repeat(1_025) }],
    [
      'one with a long ordering key',
      { message: { messageId: '1', orderingKey: 'x'.repeat(1_025) } },
    ],
    ['one with half a delivery attempt', { message: MESSAGE, deliveryAttempt: 1.5 }],
  ] as const) {
    it(what, () => {
      assert.ok(!isPushEnvelope(body))
    })
  }
})

/** Returns `count` attributes with names and values of these lengths. */
function withAttributes(count: number, nameLength: number, valueLength: number) {
  const names = Array.from({ length: count }, (_, index) => String(index).padStart(nameLength, 'n'))
  const value = 'v'.repeat(valueLength)
  return {
    message: { messageId: '1', attributes: Object.fromEntries(names.map((name) => [name, value])) },
  }
}
