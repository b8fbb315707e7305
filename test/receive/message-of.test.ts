import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { messageOf } from '../../src/receive/message-of.ts'

const PUBLISHED_AT = Date.UTC(2021, 1, 26, 19, 13, 55)

describe('the message in a push envelope', () => {
  it('has all that the envelope says of it', () => {
    const message = messageOf({
      deliveryAttempt: 5,
      message: {
        attributes: { key: 'value' },
        data: 'SGVsbG8=',
        messageId: '2070443601311540',
        message_id: '2070443601311540',
        orderingKey: 'key',
        publishTime: '2021-02-26T19:13:55.749Z',
        publish_time: '2021-02-26T19:13:55.749Z',
      },
      subscription: 'projects/p/subscriptions/s',
    })

    assert.deepEqual(message, {
      messageId: '2070443601311540',
      subscription: 'projects/p/subscriptions/s',
      data: 'SGVsbG8=',
      attributes: { key: 'value' },
      publishTime: '2021-02-26T19:13:55.749Z',
      publishedAt: PUBLISHED_AT + 749,
      orderingKey: 'key',
      deliveryAttempt: 5,
    })
  })

  it('has empty parts, or none, where the envelope says nothing', () => {
    assert.deepEqual(messageOf({ message: { messageId: '1' } }), {
      messageId: '1',
      subscription: '',
      data: '',
      attributes: {},
    })
  })

  it('is found under snake_case names too', () => {
    const message = messageOf({
      message: { message_id: '1', publish_time: '2021-02-26T19:13:55Z' },
    })

    assert.deepEqual(message, {
      messageId: '1',
      subscription: '',
      data: '',
      attributes: {},
      publishTime: '2021-02-26T19:13:55Z',
      publishedAt: PUBLISHED_AT,
    })
  })
})

describe('the publish time of a message is', () => {
  for (const [publishTime, ms] of [
    ['2021-02-26T19:13:55Z', 0],
    ['2021-02-26T19:13:55.749Z', 749],
    ['2021-02-26T19:13:55.749999Z', 749],
    ['2021-02-26T19:13:55.749999999Z', 749],
    ['2021-02-26T20:13:55+01:00', 0],
  ] as const) {
    it(`read from ${publishTime}`, () => {
      assert.equal(publishedAtOf(publishTime), PUBLISHED_AT + ms)
    })
  }

  for (const publishTime of [
    '',
    'yesterday',
    'day 7',
    '7',
    '1614366835',
    '2021-02-26',
    '2021-02-26T19:13:55',
    '2021-02-26 19:13:55Z',
    '2021-13-26T19:13:55Z',
    '2021-02-26T19:13:55Z or so',
  ]) {
    it(`left out, but kept as it came, when it is ${publishTime || 'empty'}`, () => {
      const message = messageOf({ message: { messageId: '1', publishTime } })

      assert.equal(message.publishTime, publishTime)
      assert.ok(!('publishedAt' in message))
    })
  }
})

function publishedAtOf(publishTime: string): number | undefined {
  return messageOf({ message: { messageId: '1', publishTime } }).publishedAt
}
