import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { publishedForm } from '../../src/dead-letter/letter-form.ts'
import { makeMessages } from '../../src/dead-letter/letter-message.ts'
import { type PulledMessage, readLetterMessage } from '../../src/dead-letter/letter-of-message.ts'
import { makeDeadLetter } from '../../src/dead-letter/make-dead-letter.ts'
import { judgePublish } from '../../src/local/pubsub/publish-rules.ts'
import { replayLines } from '../../src/message/replayed-events.ts'
import { LETTER_ATTRIBUTES } from '../../src/model/letter-attributes.ts'
import type { Message } from '../../src/model/message.ts'
import { REJECT_REASONS, rejected } from '../../src/model/outcome.ts'
import { messageOf } from '../../src/receive/message-of.ts'
import { originOf } from '../../src/receive/origin-of.ts'

const SUBSCRIPTION = 'projects/p/subscriptions/dead'
const PUSHED_AT = '2100-01-01T00:00:00Z'

/** Any text that Pub/Sub would have let pass as the value of an attribute. */
const value = fc.string({ unit: 'grapheme', maxLength: 100 })
/** And any name, those among them that it keeps for itself or that a letter has. */
const name = fc
  .tuple(fc.constantFrom('', '', 'goog', 'GOOG', 'pubsub-mixpanel-'), fc.string({ maxLength: 60 }))
  .map((words) => words.join(''))
const message = fc
  .record(
    {
      messageId: fc.string({ minLength: 1, maxLength: 40 }),
      subscription: value,
      publishTime: fc.oneof(value, fc.date({ noInvalidDate: true, max: new Date(0) }).map(isoOf)),
      orderingKey: value,
      deliveryAttempt: fc.nat(),
      attributes: fc.dictionary(name, value, {
        maxKeys: 100 - LETTER_ATTRIBUTES.length,
        noNullPrototype: true,
      }),
    },
    { requiredKeys: ['messageId', 'subscription', 'attributes'] },
  )
  .map(({ subscription, deliveryAttempt, ...rest }): Message => {
    const attempt = deliveryAttempt === undefined ? {} : { deliveryAttempt }
    return { ...messageOf({ message: rest, subscription, ...attempt }), data: 'eA==' }
  })
const place = fc.record({
  line: fc.integer({ min: 1, max: 1_000_000 }),
  children: fc.option(
    fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(9)).map(([child, more]) => {
      return { child, children: child + more }
    }),
    { nil: undefined },
  ),
  ordinal: fc.integer({ min: 1, max: 1_000_000 }),
})

it('a letter of whatever message, published again, is that message with its event in its place', () => {
  fc.assert(
    fc.property(
      message,
      place,
      fc.constantFrom(...REJECT_REASONS),
      value,
      (origin, at, reason, detail) => {
        const letter = letterOf(origin, at, rejected(reason, detail))
        const replay = replayOf(letter)
        const { deliveryAttempt, ...known } = origin

        const { replay: found, ...rest } = replay
        assert.deepEqual(rest, known)
        assert.equal(found?.ordinal, at.ordinal ?? 1)
        const { child, children } = at.children ?? {}
        assert.deepEqual(found?.child, child && { place: child, of: children })
        assert.ok(found)
        const [line] = replayLines(replay, found, [{ number: 1, start: 0, end: 1 }]).lines
        assert.equal(line?.number, at.line)

        const again = letterOf(replay, at, rejected(reason, detail))
        const { deliveryAttempt: first, ...stays } = letter.message
        assert.deepEqual(again, { ...letter, replays: 1, message: stays })
      },
    ),
  )
})

it('a letter of whatever message, pulled, is that letter', () => {
  fc.assert(
    fc.property(
      message,
      place,
      fc.constantFrom(...REJECT_REASONS),
      value,
      (origin, at, reason, detail) => {
        const letter = letterOf(origin, at, rejected(reason, detail))

        assert.deepEqual(readLetterMessage(publishedOf(letter)), letter)
      },
    ),
  )
})

type Place = typeof place extends fc.Arbitrary<infer T> ? T : never

function letterOf(
  origin: Message,
  { line, children, ordinal }: Place,
  outcome: ReturnType<typeof rejected>,
) {
  const event = { line: { number: line, text: 'x' }, child: 0, ...children, ordinal, outcome }
  return makeDeadLetter(origin, event, 0, publishedForm)
}

/** As it comes back: through Pub/Sub, and through the front door. */
function replayOf(letter: ReturnType<typeof letterOf>): Message {
  const { messageId, publishTime, data, attributes } = publishedOf(letter)
  const message = { messageId, publishTime, data, attributes: { ...attributes } }
  return originOf(messageOf({ message, subscription: SUBSCRIPTION }))
}

/** The message that Pub/Sub makes of a letter. */
function publishedOf(letter: ReturnType<typeof letterOf>): PulledMessage {
  const [published] = makeMessages(letter, Buffer.from(letter.event ?? ''), false)
  const judgement = judgePublish(Buffer.from(`{"messages":[${published?.json}]}`))
  assert.ok(judgement.kind === 'taken')
  const [{ data, attributes } = { data: Buffer.from(''), attributes: {} }] = judgement.messages
  return { messageId: '9', publishTime: PUSHED_AT, data: data.toString('base64'), attributes }
}

function isoOf(date: Date): string {
  return date.toISOString()
}
