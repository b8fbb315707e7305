import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LETTER_ATTRIBUTES } from '../../src/model/letter-attributes.ts'
import { originOf } from '../../src/receive/origin-of.ts'
import { aMessage } from '../helpers/builders.ts'

const LETTER_NAMES = LETTER_ATTRIBUTES.map((one) => `pubsub-mixpanel-${one}`)

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

  it('knows whether the letter holds an event of a mapping, or no content', () => {
    const mapped = originOf(replayWith({ 'pubsub-mixpanel-stage': 'mapped' }))
    const published = originOf(replayWith({ 'pubsub-mixpanel-stage': 'published' }))
    const shortened = replayWith({ 'pubsub-mixpanel-shortened': 'detail,content' })

    assert.equal(mapped.replay?.isMapped, true)
    assert.ok(published.replay && !('isMapped' in published.replay))
    assert.equal(originOf({ ...shortened, data: '' }).replay?.isEmptied, true)
    for (const other of [shortened, { ...replayWith({}), data: '' }]) {
      const { replay } = originOf(other)
      assert.ok(replay && !('isEmptied' in replay))
    }
  })

  it('knows which child of its line the letter is of', () => {
    const pushed = replayWith({ 'pubsub-mixpanel-child': '2', 'pubsub-mixpanel-children': '3' })

    assert.deepEqual(originOf(pushed).replay?.child, { place: 2, of: 3 })
  })

  it('knows the lines of a letter that stands for several events', () => {
    const pushed = replayWith({ 'pubsub-mixpanel-line': '0', 'pubsub-mixpanel-lines': '1-5,9' })

    assert.deepEqual(originOf(pushed).replay?.lines, [
      { from: 1, to: 5 },
      { from: 9, to: 9 },
    ])
  })

  it('has attributes under their own names that could not be published under them', () => {
    const pushed = replayWith({
      'pubsub-mixpanel-original-googclient_schemaencoding': 'JSON',
      'pubsub-mixpanel-original-': 'no name',
      'pubsub-mixpanel-original-pubsub-mixpanel-id': 'theirs',
    })

    assert.deepEqual(originOf(pushed).attributes, {
      source: 'web',
      googclient_schemaencoding: 'JSON',
      '': 'no name',
      'pubsub-mixpanel-id': 'theirs',
    })
  })

  it('has none of the attributes that Pub/Sub gives to the replay itself', () => {
    const pushed = replayWith({ googclient_schemaencoding: 'JSON', 'pubsub-mixpanel-new': '1' })

    assert.deepEqual(originOf(pushed).attributes, { source: 'web' })
  })

  it('has an attribute that no letter has, though it is under our prefix, when it is no letter', () => {
    const attributes = { 'pubsub-mixpanel-tenant': 't', 'pubsub-mixpanel-id': '1', source: 'web' }

    const origin = originOf(aMessage({ attributes }))

    assert.deepEqual(origin.attributes, { 'pubsub-mixpanel-tenant': 't', source: 'web' })
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
    ['a stage that this version does not know', { 'pubsub-mixpanel-stage': 'prepared' }],
    ['a child of unknown siblings', { 'pubsub-mixpanel-child': '1' }],
    [
      'a child past its siblings',
      { 'pubsub-mixpanel-child': '3', 'pubsub-mixpanel-children': '2' },
    ],
    ['a child of 0', { 'pubsub-mixpanel-child': '0', 'pubsub-mixpanel-children': '2' }],
    ['lines that are no ranges', { 'pubsub-mixpanel-lines': '1,x' }],
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
      fc.string().map((one) => `pubsub-mixpanel-original-${one}`),
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
        for (const [one, said] of Object.entries(origin.attributes)) {
          const original = pushed.attributes[`pubsub-mixpanel-original-${one}`]
          assert.equal(said, (origin.replay && original) ?? pushed.attributes[one])
          const isLetters = LETTER_NAMES.includes(one)
          assert.ok(!isLetters || original !== undefined)
        }
        if (!origin.replay) assert.equal(origin.messageId, pushed.messageId)
      }),
    )
  })
})
