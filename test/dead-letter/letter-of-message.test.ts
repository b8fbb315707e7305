import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { makeMessages } from '../../src/dead-letter/letter-message.ts'
import { type PulledMessage, readLetterMessage } from '../../src/dead-letter/letter-of-message.ts'
import type { DeadLetter } from '../../src/model/dead-letter.ts'
import { LETTER_ATTRIBUTES } from '../../src/model/letter-attributes.ts'
import { aDeadLetter } from './a-dead-letter.ts'

const PUBLISHED = '2026-01-02T00:00:00Z'
const COPY = {
  CloudPubSubDeadLetterSourceDeliveryCount: '5',
  CloudPubSubDeadLetterSourceSubscription: 'events-push',
  CloudPubSubDeadLetterSourceSubscriptionProject: 'p1',
  CloudPubSubDeadLetterSourceTopicPublishTime: '2026-01-01T00:00:00.123456Z',
}

/** The messages of a letter, as they are pulled. */
function pulledOf(letter: DeadLetter, bytes: Buffer, isCompressed = false): PulledMessage[] {
  const data = isCompressed ? gzipSync(bytes) : bytes
  return makeMessages(letter, data, isCompressed).map(({ json }) => {
    return { messageId: '9', publishTime: PUBLISHED, ...JSON.parse(json) }
  })
}

function aPulled(attributes: Readonly<Record<string, string>>, data = 'x'): PulledMessage {
  const encoded = Buffer.from(data).toString('base64')
  return { messageId: '9', publishTime: PUBLISHED, data: encoded, attributes }
}

describe('a pulled letter of the service', () => {
  it('has the data of its message, when it is of a whole message or no text', () => {
    const bytes = Buffer.from([0xff, 0x00])
    const { event, ...rest } = aDeadLetter({ line: 0, id: '1-0' })
    const whole = { ...rest, data: Buffer.from('{}').toString('base64') }
    const binary = { ...aDeadLetter(), data: bytes.toString('base64') }
    const { event: _, ...ofBytes } = binary

    assert.deepEqual(pulledOf(whole, Buffer.from('{}')).map(readLetterMessage), [whole])
    assert.deepEqual(pulledOf(ofBytes, bytes).map(readLetterMessage), [ofBytes])
  })

  it('has the text that it had before it was compressed', () => {
    const letter = aDeadLetter()

    const [pulled] = pulledOf(letter, Buffer.from(letter.event ?? ''), true)

    assert.ok(pulled)
    assert.deepEqual(readLetterMessage(pulled), letter)
    const damaged = { ...pulled, data: pulled.data.slice(0, 8) }
    assert.partialDeepStrictEqual(readLetterMessage(damaged), { id: letter.id, line: 1 })
    assert.equal(Object(readLetterMessage(damaged)).event, undefined)
  })

  it('has neither text nor data when it was stored without its content', () => {
    const { event, ...without } = aDeadLetter({ stage: 'mapped' })

    assert.deepEqual(pulledOf(without, Buffer.alloc(0)).map(readLetterMessage), [without])
  })

  it('is not read when it is a part, garbled, or older than its message', () => {
    const [good = aPulled({})] = pulledOf(aDeadLetter(), Buffer.from('{"event":'))
    const changes: readonly Readonly<Record<string, string | undefined>>[] = [
      { part: '1/2' },
      { id: undefined },
      { line: 'two' },
      { line: '-1' },
      { replays: '1e3' },
      { lines: '5-1' },
      { child: '3', children: '2' },
      { stage: 'other' },
      { time: 'now' },
      { 'dead-lettered-at': 'today' },
      { 'publish-time': '2026-01-02T00:00:00.001Z' },
    ]

    for (const change of changes) {
      const attributes: Record<string, string> = { ...good.attributes }
      for (const [name, value] of Object.entries(change)) {
        delete attributes[`pubsub-mixpanel-${name}`]
        if (value !== undefined) attributes[`pubsub-mixpanel-${name}`] = value
      }
      const message = { ...good, attributes }
      assert.equal(readLetterMessage(message), 'unreadable', JSON.stringify(change))
    }
    assert.equal(typeof readLetterMessage(good), 'object')
  })

  it('never throws, whatever its attributes and its data are', () => {
    const name = fc.constantFrom(...LETTER_ATTRIBUTES).map((one) => `pubsub-mixpanel-${one}`)
    const attributes = fc.dictionary(fc.oneof(name, fc.string()), fc.string())
    const message = fc.record({
      messageId: fc.string(),
      publishTime: fc.string(),
      data: fc.string(),
      attributes,
    })

    fc.assert(fc.property(message, (one) => void readLetterMessage(one)))
  })
})

describe('a pulled copy that a dead-letter policy made', () => {
  it('is a letter of the whole message, as it was pushed at first', () => {
    assert.deepEqual(readLetterMessage({ ...aPulled({ ...COPY, a: 'b' }), orderingKey: 'k' }), {
      id: '9-0',
      deadLetteredAt: PUBLISHED,
      reason: 'dead_letter_policy',
      detail: 'the dead-letter policy of its subscription moved it after 5 deliveries',
      data: 'eA==',
      stage: 'published',
      line: 0,
      replays: 0,
      message: {
        messageId: '9',
        publishTime: '2026-01-01T00:00:00.123456Z',
        subscription: 'projects/p1/subscriptions/events-push',
        orderingKey: 'k',
        attributes: { a: 'b' },
      },
    })
  })

  for (const first of ['2026-01-02T00:00:01Z', 'yesterday', '']) {
    it(`keeps its own publish time when the first one is "${first}"`, () => {
      const attributes = { ...COPY, CloudPubSubDeadLetterSourceTopicPublishTime: first }

      assert.partialDeepStrictEqual(readLetterMessage(aPulled(attributes)), {
        message: { publishTime: PUBLISHED },
      })
    })
  }
})

it('any other message is no letter', () => {
  for (const attributes of [{}, { a: 'b' }, { CloudPubSubDeadLetterSource: 'x' }]) {
    assert.equal(readLetterMessage(aPulled(attributes)), 'foreign')
  }
})
