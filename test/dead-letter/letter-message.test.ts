import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type LetterMessage, makeMessages } from '../../src/dead-letter/letter-message.ts'
import { judgePublish, type NewMessage } from '../../src/local/pubsub/publish-rules.ts'
import type { DeadLetter } from '../../src/model/dead-letter.ts'
import { REJECT_REASONS } from '../../src/model/outcome.ts'
import { anyText } from '../helpers/any-text.ts'
import { aDeadLetter } from './a-dead-letter.ts'

/** The messages that Pub/Sub's stand-in makes of a letter. Throws when it would refuse them. */
function published(letter: DeadLetter, data = Buffer.from(letter.event ?? '')): NewMessage[] {
  return makeMessages(letter, data, false).flatMap(({ json }) => taken(json))
}

function taken(json: string): readonly NewMessage[] {
  const judgement = judgePublish(Buffer.from(`{"messages":[${json}]}`))
  if (judgement.kind === 'refused') throw new Error(judgement.message)
  return judgement.messages
}

const FULL = aDeadLetter({
  id: '77-2-1',
  reason: 'refused_by_mixpanel',
  field: 'properties.time',
  detail: 'no good',
  event: '{"event":"a"}',
  line: 2,
  ordinal: 3,
  child: 1,
  children: 2,
  insertId: '77-2',
  time: 1_000,
  replays: 4,
  message: {
    messageId: '77',
    publishTime: '2026-01-01T00:00:00Z',
    subscription: 'projects/p/subscriptions/s',
    orderingKey: 'k',
    attributes: { source: 'web' },
    deliveryAttempt: 5,
  },
})

describe('a dead letter in a topic', () => {
  it('has the event as its data and all else as attributes, the original ones beside them', () => {
    const [message] = published(FULL)

    assert.equal(String(message?.data), '{"event":"a"}')
    assert.deepEqual(message?.attributes, {
      source: 'web',
      'pubsub-mixpanel-id': '77-2-1',
      'pubsub-mixpanel-dead-lettered-at': '2026-01-01T00:00:00.000Z',
      'pubsub-mixpanel-reason': 'refused_by_mixpanel',
      'pubsub-mixpanel-field': 'properties.time',
      'pubsub-mixpanel-detail': 'no good',
      'pubsub-mixpanel-stage': 'published',
      'pubsub-mixpanel-line': '2',
      'pubsub-mixpanel-ordinal': '3',
      'pubsub-mixpanel-child': '1',
      'pubsub-mixpanel-children': '2',
      'pubsub-mixpanel-insert-id': '77-2',
      'pubsub-mixpanel-time': '1000',
      'pubsub-mixpanel-replays': '4',
      'pubsub-mixpanel-message-id': '77',
      'pubsub-mixpanel-publish-time': '2026-01-01T00:00:00Z',
      'pubsub-mixpanel-subscription': 'projects/p/subscriptions/s',
      'pubsub-mixpanel-ordering-key': 'k',
      'pubsub-mixpanel-delivery-attempt': '5',
    })
  })

  it('leaves out what the letter does not say', () => {
    const [message] = published(aDeadLetter())

    assert.deepEqual(Object.keys(message?.attributes ?? {}), [
      'pubsub-mixpanel-id',
      'pubsub-mixpanel-dead-lettered-at',
      'pubsub-mixpanel-reason',
      'pubsub-mixpanel-detail',
      'pubsub-mixpanel-stage',
      'pubsub-mixpanel-line',
      'pubsub-mixpanel-replays',
      'pubsub-mixpanel-message-id',
      'pubsub-mixpanel-subscription',
    ])
  })

  it('is counted as many bytes as it is sent as', () => {
    const [message] = makeMessages(aDeadLetter({ detail: 'ä€😀' }), Buffer.from('x'), false)

    assert.equal(message?.bytes, Buffer.byteLength(message?.json ?? ''))
  })
})

describe('the short form of a letter', () => {
  it('cuts a value at 1,024 bytes, no character in two, and names it', () => {
    const [message] = published(aDeadLetter({ detail: `x${'€'.repeat(400)}` }))

    assert.equal(message?.attributes['pubsub-mixpanel-detail'], `x${'€'.repeat(341)}`)
    assert.equal(message?.attributes['pubsub-mixpanel-shortened'], 'detail')
  })

  it('says for how many events it stands, and on which lines', () => {
    const [message] = published(aDeadLetter({ events: 7, lines: '1-5,9' }))

    assert.partialDeepStrictEqual(message?.attributes, {
      'pubsub-mixpanel-events': '7',
      'pubsub-mixpanel-lines': '1-5,9',
    })
  })

  it('keeps as many of the original attributes as there is room for beside its own', () => {
    const attributes = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`a${i}`, `${i}`]))

    const counts = [aDeadLetter(), FULL].map(({ message, ...letter }) => {
      const [one] = published({ ...letter, message: { ...message, attributes } })
      assert.equal(one?.attributes['pubsub-mixpanel-shortened'], 'attributes')
      return Object.keys(one?.attributes ?? {}).filter((name) => /^a\d+$/.test(name)).length
    })

    assert.deepEqual(counts, [89, 80])
  })

  for (const [name, as] of [
    ['googclient_schemaencoding', 'pubsub-mixpanel-original-googclient_schemaencoding'],
    ['GoogLe', 'pubsub-mixpanel-original-GoogLe'],
    ['', 'pubsub-mixpanel-original-'],
    ['pubsub-mixpanel-id', 'pubsub-mixpanel-original-pubsub-mixpanel-id'],
    ['a-goog', 'a-goog'],
  ] as const) {
    it(`has an attribute that is called ${name || 'nothing'} as ${as}`, () => {
      const { message } = FULL
      const [one] = published({ ...FULL, message: { ...message, attributes: { [name]: 'v' } } })

      assert.equal(one?.attributes[as], 'v')
      assert.equal(one?.attributes['pubsub-mixpanel-id'], FULL.id)
      assert.equal(one?.attributes['pubsub-mixpanel-shortened'], undefined)
    })
  }

  it('keeps an original attribute whose name is as long as may be', () => {
    const name = 'n'.repeat(256)
    const letter = aDeadLetter({ message: { ...FULL.message, attributes: { [name]: 'v' } } })

    const [message] = published(letter)

    assert.equal(message?.attributes[name], 'v')
    assert.equal(message?.attributes['pubsub-mixpanel-shortened'], undefined)
  })

  it('names all that it cut, parted by commas', () => {
    const long = 'x'.repeat(2_000)
    const letter = aDeadLetter({
      detail: long,
      message: { ...FULL.message, attributes: { a: long } },
    })

    const [message] = published(letter)

    assert.equal(message?.attributes['pubsub-mixpanel-shortened'], 'detail,attributes')
  })

  for (const [what, name, value, kept] of [
    ['a value that is too long', 'a', 'v'.repeat(1_025), 'v'.repeat(1_024)],
    ['a value that is no Unicode', 'a', 'x\ud800', 'x\ufffd'],
    ['a name that is too long', 'n'.repeat(257), 'v', undefined],
    ['a name that is too long under our prefix', `goog${'n'.repeat(240)}`, 'v', undefined],
    ['a name that is no Unicode', '\ud800', 'v', undefined],
  ] as const) {
    it(`mends or leaves out ${what}, as only hand-made pushes have, and says so`, () => {
      const letter = aDeadLetter({ message: { ...FULL.message, attributes: { [name]: value } } })

      const [message] = published(letter)

      assert.equal(message?.attributes[name], kept)
      assert.equal(message?.attributes['pubsub-mixpanel-shortened'], 'attributes')
    })
  }

  it('says when the data was compressed', () => {
    const [message] = makeMessages(aDeadLetter(), Buffer.from('x'), true).flatMap(({ json }) =>
      taken(json),
    )

    assert.equal(message?.attributes['pubsub-mixpanel-shortened'], 'data')
  })

  it('is several messages, numbered, when the data fits no request, and loses none of it', () => {
    const data = Buffer.alloc(160_000, 'abcdefg')

    const messages = makeMessages(aDeadLetter(), data, false, 100_000).flatMap(({ json }) =>
      taken(json),
    )

    assert.deepEqual(
      messages.map(({ attributes }) => attributes['pubsub-mixpanel-part']),
      ['1/3', '2/3', '3/3'],
    )
    assert.ok(Buffer.concat(messages.map((one) => one.data)).equals(data))
  })

  it('is one message up to the largest request of Pub/Sub, and two beyond it', () => {
    const countOf = (bytes: number) =>
      makeMessages(aDeadLetter(), Buffer.alloc(bytes), false).length

    assert.deepEqual([countOf(7_499_000), countOf(7_500_000)], [1, 2])
  })

  it('keeps an original attribute that is called like a prototype', () => {
    const attributes = Object.fromEntries([['__proto__', 'a']])

    const [message] = published(aDeadLetter({ message: { ...FULL.message, attributes } }))

    assert.equal(Object.entries(message?.attributes ?? {})[0]?.join(), '__proto__,a')
    assert.equal(message?.attributes['pubsub-mixpanel-shortened'], undefined)
  })

  it('has a bare form without the original attributes, for when Pub/Sub refuses those', () => {
    const [message] = makeMessages(FULL, Buffer.from('x'), false).flatMap((one) =>
      taken(one.bare()),
    )

    assert.equal(message?.attributes.source, undefined)
    assert.equal(message?.attributes['pubsub-mixpanel-shortened'], 'attributes')
    assert.equal(message?.attributes['pubsub-mixpanel-message-id'], '77')
  })
})

describe('any letter', () => {
  const text = fc.oneof(
    anyText({ maxLength: 50 }),
    anyText({ minLength: 300, maxLength: 1_500 }),
    fc.constant('\ud800'),
  )
  const attributes = fc.dictionary(text, text, { maxKeys: 120 })
  const letter = fc
    .record(
      {
        id: text,
        reason: fc.constantFrom(...REJECT_REASONS),
        field: text,
        detail: text,
        event: text.map((one) => one.toWellFormed()),
        line: fc.nat(),
        ordinal: fc.integer({ min: 2 }),
        child: fc.nat(),
        children: fc.nat(),
        events: fc.nat(),
        lines: text,
        insertId: text,
        time: fc.nat(),
        replays: fc.nat(),
        messageId: text,
        publishTime: text,
        subscription: text,
        orderingKey: text,
        attributes,
        deliveryAttempt: fc.nat(),
      },
      { requiredKeys: ['event', 'messageId', 'subscription', 'attributes'] },
    )
    .map((some) => {
      const { messageId, publishTime, subscription, orderingKey, deliveryAttempt, ...rest } = some
      const message = { messageId, publishTime, subscription, orderingKey, deliveryAttempt }
      return { ...rest, message: { ...message, attributes: rest.attributes } }
    })

  it('is a message that Pub/Sub takes, with its event, in both forms', () => {
    fc.assert(
      fc.property(letter, (changes) => {
        const given = aDeadLetter(Object(changes))
        const messages = makeMessages(given, Buffer.from(given.event ?? ''), false)

        for (const form of [jsonOf, bareOf]) {
          const [message, ...others] = messages.flatMap((one) => taken(form(one)))
          assert.equal(others.length, 0)
          assert.equal(String(message?.data), given.event)
          assert.ok(Object.keys(message?.attributes ?? {}).length <= 100)
        }
      }),
    )
  })

  it('makes no request larger than its limit, and loses no byte of its data', () => {
    const maxBytes = 10_000
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 * maxBytes }), (size) => {
        const messages = makeMessages(aDeadLetter(), Buffer.alloc(size), false, maxBytes)

        assert.ok(messages.every(({ bytes }) => bytes + 20 <= maxBytes))
        const lengths = messages.flatMap(({ json }) => taken(json)).map(({ data }) => data.length)
        assert.equal(
          lengths.reduce((a, b) => a + b, 0),
          size,
        )
      }),
    )
  })

  function jsonOf({ json }: LetterMessage): string {
    return json
  }

  function bareOf({ bare }: LetterMessage): string {
    return bare()
  }
})
