import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isLetter, messageOf } from '../../src/receive/message-of.ts'

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

  for (const [what, data, held] of [
    ['its bytes when it is large', 'A'.repeat(64 * 1024), Buffer.alloc(48 * 1024)],
    ['the base64 when it is not large', 'A'.repeat(64 * 1024 - 4), 'A'.repeat(64 * 1024 - 4)],
    ['its text when it is large and not base64', '%'.repeat(64 * 1024), '%'.repeat(64 * 1024)],
  ] as const) {
    it(`has of its data ${what}`, () => {
      assert.deepEqual(messageOf({ message: { messageId: '1', data } }).data, held)
    })
  }

  it('has empty parts, or none, where the envelope says null', () => {
    const message = messageOf({
      message: {
        messageId: null,
        message_id: '1',
        data: null,
        attributes: null,
        publishTime: null,
        publish_time: null,
        orderingKey: null,
      },
      subscription: null,
      deliveryAttempt: null,
    })

    assert.deepEqual(message, { messageId: '1', subscription: '', data: '', attributes: {} })
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
    '2021-02-29T19:13:55Z',
    '2021-02-30T19:13:55.5+01:00',
    '2021-04-31T19:13:55Z',
    '2021-02-26T24:00:00Z',
    '2021-02-26T19:13:55Z or so',
  ]) {
    it(`left out, but kept as it came, when it is ${publishTime || 'empty'}`, () => {
      const message = messageOf({ message: { messageId: '1', publishTime } })

      assert.equal(message.publishTime, publishTime)
      assert.ok(!('publishedAt' in message))
    })
  }
})

describe('the publish time of a copy that a dead-letter policy made', () => {
  const COPIED_AT = '2026-01-02T00:00:00Z'
  const FIRST = '2026-01-01T00:00:00.123+00:00'
  const publishedWith = (attributes: Record<string, string>, publishTime?: string) => {
    const when = publishTime === undefined ? {} : { publishTime }
    const { publishedAt, ...message } = messageOf({
      message: { messageId: '1', attributes, ...when },
    })
    return [message.publishTime, publishedAt]
  }

  it('is that of its message, whatever else the copy says', () => {
    const copy = {
      CloudPubSubDeadLetterSourceTopicPublishTime: FIRST,
      CloudPubSubDeadLetterSourceDeliveryCount: '5',
    }

    for (const copiedAt of [COPIED_AT, FIRST, undefined, 'yesterday']) {
      assert.deepEqual(publishedWith(copy, copiedAt), [FIRST, Date.parse(FIRST)])
    }
  })

  for (const [what, first] of [
    ['cannot be read', 'long ago'],
    ['is empty', ''],
    ['is after the copy’s own', '2026-01-02T00:00:01Z'],
  ] as const) {
    it(`is its own when the message’s ${what}`, () => {
      const copy = { CloudPubSubDeadLetterSourceTopicPublishTime: first }

      assert.deepEqual(publishedWith(copy, COPIED_AT), [COPIED_AT, Date.parse(COPIED_AT)])
    })
  }

  it('is its own when it is a letter, which names the publish time itself', () => {
    const letter = {
      CloudPubSubDeadLetterSourceTopicPublishTime: FIRST,
      'pubsub-mixpanel-publish-time': '2026-01-01T12:00:00Z',
    }

    assert.deepEqual(publishedWith(letter, COPIED_AT), [COPIED_AT, Date.parse(COPIED_AT)])
  })
})

it('a message is a letter when the name of one attribute begins like that of a letter', () => {
  const isOne = (...names: string[]) => {
    const attributes = Object.fromEntries(names.map((name) => [name, '']))
    return isLetter(messageOf({ message: { messageId: '1', attributes } }))
  }

  assert.ok(isOne('source', 'pubsub-mixpanel-id'))
  assert.ok(isOne('pubsub-mixpanel-'))
  assert.ok(!isOne('source', 'pubsub-mixpanel', 'x-pubsub-mixpanel-id'))
  assert.ok(!isOne())
})

function publishedAtOf(publishTime: string): number | undefined {
  return messageOf({ message: { messageId: '1', publishTime } }).publishedAt
}
