import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LETTER_ATTRIBUTES } from '../../src/model/letter-attributes.ts'
import { originOf } from '../../src/receive/origin-of.ts'
import { aMessage } from '../helpers/builders.ts'

const LETTER = {
  'pubsub-mixpanel-id': '77-2',
  'pubsub-mixpanel-dead-lettered-at': '2025-12-01T00:00:01.000Z',
  'pubsub-mixpanel-reason': 'invalid_event',
  'pubsub-mixpanel-detail': 'no good',
  'pubsub-mixpanel-line': '2',
  'pubsub-mixpanel-replays': '4',
  'pubsub-mixpanel-message-id': '77',
  'pubsub-mixpanel-publish-time': '2025-12-01T00:00:00Z',
  'pubsub-mixpanel-subscription': 'projects/p/subscriptions/events',
}

function replayWith(changes: Record<string, string | undefined>) {
  const attributes = Object.entries({ ...LETTER, source: 'web', ...changes }).flatMap(
    ([name, value]) => (value === undefined ? [] : [[name, value]]),
  )
  return aMessage({ messageId: '900', attributes: Object.fromEntries(attributes) })
}

describe('the origin of a pushed message', () => {
  it('is itself when no attribute is a letter’s', () => {
    const message = aMessage({ attributes: { source: 'web', 'pubsub-mixpanel': 'x' } })

    assert.equal(originOf(message), message)
  })

  it('is, of a letter published again, the message it was written for', () => {
    const pushed = replayWith({
      'pubsub-mixpanel-ordering-key': 'k',
      'pubsub-mixpanel-ordinal': '3',
      'pubsub-mixpanel-insert-id': 'i-1',
    })

    assert.deepEqual(originOf({ ...pushed, deliveryAttempt: 6 }), {
      messageId: '77',
      subscription: 'projects/p/subscriptions/events',
      data: pushed.data,
      attributes: { source: 'web' },
      publishTime: '2025-12-01T00:00:00Z',
      publishedAt: Date.UTC(2025, 11, 1),
      orderingKey: 'k',
      deliveryAttempt: 6,
      replay: { id: '77-2', line: 2, ordinal: 3, insertId: 'i-1', replays: 4, pushedAs: '900' },
    })
  })

  it('has no publish time, ordering key or subscription that the letter did not name', () => {
    const pushed = replayWith({
      'pubsub-mixpanel-publish-time': undefined,
      'pubsub-mixpanel-subscription': undefined,
    })

    const origin = originOf({ ...pushed, orderingKey: 'of the replay' })

    assert.equal(origin.subscription, '')
    assert.ok(!('publishTime' in origin || 'publishedAt' in origin || 'orderingKey' in origin))
  })

  for (const [what, changes] of [
    ['no id', { 'pubsub-mixpanel-id': undefined }],
    ['an empty id', { 'pubsub-mixpanel-id': '' }],
    ['no message id', { 'pubsub-mixpanel-message-id': undefined }],
    ['no line', { 'pubsub-mixpanel-line': undefined }],
    ['a line that is no number', { 'pubsub-mixpanel-line': '-1' }],
    ['a line past all counting', { 'pubsub-mixpanel-line': '1'.repeat(10) }],
    ['replays that are no number', { 'pubsub-mixpanel-replays': '1e3' }],
    ['an ordinal of 0', { 'pubsub-mixpanel-ordinal': '0' }],
    [
      'a message published after its letter',
      { 'pubsub-mixpanel-publish-time': '2030-01-01T00:00:00Z' },
    ],
    ['one part of several', { 'pubsub-mixpanel-part': '1/2' }],
  ] as const) {
    it(`is the pushed message, without the letter’s attributes, with ${what}`, () => {
      const pushed = replayWith(changes)

      assert.deepEqual(originOf(pushed), { ...pushed, attributes: { source: 'web' } })
    })
  }

  it('is found whatever the attributes say, and has none of the letter’s', () => {
    const name = fc.oneof(
      fc.constantFrom(...LETTER_ATTRIBUTES).map((one) => `pubsub-mixpanel-${one}`),
      fc.string(),
    )
    const value = fc.oneof(
      fc.string(),
      fc.nat().map(String),
      fc.constantFrom(...Object.values(LETTER)),
    )

    fc.assert(
      fc.property(fc.dictionary(name, value), fc.boolean(), (attributes, whole) => {
        const pushed = aMessage({ attributes: whole ? { ...LETTER, ...attributes } : attributes })

        const origin = originOf(pushed)

        assert.equal(origin.data, pushed.data)
        const names = Object.keys(origin.attributes)
        assert.ok(names.every((one) => !one.startsWith('pubsub-mixpanel-')))
        for (const one of names) assert.equal(origin.attributes[one], pushed.attributes[one])
        if (!origin.replay) assert.equal(origin.messageId, pushed.messageId)
      }),
    )
  })
})
