import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { publishedForm, publishedWhole } from '../../src/dead-letter/letter-form.ts'
import { makeDeadLetter, makeLetterOfMany } from '../../src/dead-letter/make-dead-letter.ts'
import type { LetterToStore, RejectedMany } from '../../src/model/dead-letter.ts'
import type { Message } from '../../src/model/message.ts'
import { rejected } from '../../src/model/outcome.ts'
import type { RejectedEvent } from '../../src/model/pending-event.ts'
import { aPreparedEvent } from '../helpers/builders.ts'

const MESSAGE: Message = {
  messageId: '11844765153650126',
  subscription: 'projects/p/subscriptions/s',
  data: 'eyJldmVudCI6',
  attributes: { source: 'shop' },
}

function aRejectedEvent(changes: Partial<RejectedEvent> = {}): RejectedEvent {
  return {
    line: { number: 3, text: '{"event":' },
    ordinal: 1,
    child: 0,
    outcome: rejected('invalid_json', 'ends too soon'),
    ...changes,
  }
}

function letterOf(event: RejectedEvent, message = MESSAGE): LetterToStore {
  return makeDeadLetter(message, event, Date.UTC(2026, 0, 2, 3, 4, 5, 6), publishedForm)
}

describe('a dead letter', () => {
  it('holds the event as published and why it was rejected', () => {
    assert.deepEqual(letterOf(aRejectedEvent()), {
      id: '11844765153650126-3',
      deadLetteredAt: '2026-01-02T03:04:05.006Z',
      reason: 'invalid_json',
      detail: 'ends too soon',
      event: '{"event":',
      stage: 'published',
      line: 3,
      replays: 0,
      message: {
        messageId: '11844765153650126',
        subscription: 'projects/p/subscriptions/s',
        attributes: { source: 'shop' },
      },
    })
  })

  it('holds the bytes of a line that is not text, and no text', () => {
    const line = { number: 3, text: '{"event":"caf\ufffd"}', data: 'eyJldmVudCI6ImNhZukifQ==' }

    const { data, event, line: number } = letterOf(aRejectedEvent({ line }))

    assert.deepEqual([data, event, number], [line.data, undefined, 3])
  })

  it('holds the published bytes when the message as a whole was rejected', () => {
    const { line: _, ...wholeMessage } = aRejectedEvent({
      outcome: rejected('unreadable_data', 'not UTF-8'),
    })

    const letter = letterOf(wholeMessage)

    assert.partialDeepStrictEqual(letter, {
      id: '11844765153650126-0',
      reason: 'unreadable_data',
      data: 'eyJldmVudCI6',
      line: 0,
    })
    assert.ok(!('event' in letter))
  })

  it('names the field at fault', () => {
    const outcome = rejected('invalid_event', 'is too late', 'properties.time')

    assert.equal(letterOf(aRejectedEvent({ outcome })).field, 'properties.time')
  })

  it('says which of several equal lines it is for, and nothing for the first of them', () => {
    assert.equal(letterOf(aRejectedEvent({ ordinal: 2 })).ordinal, 2)
    assert.ok(!('ordinal' in letterOf(aRejectedEvent())))
  })

  it('of a replay keeps the place that its event had among equal lines', () => {
    const replay = { id: '7-3', line: 3, ordinal: 4, replays: 0, pushedAs: '9' }

    assert.equal(letterOf(aRejectedEvent({ ordinal: 1 }), { ...MESSAGE, replay }).ordinal, 4)
  })

  it('holds the insert id and the time the event was sent with', () => {
    const letter = letterOf(
      aRejectedEvent({ prepared: aPreparedEvent({ insertId: 'i-1', time: 1_000 }) }),
    )

    assert.partialDeepStrictEqual(letter, { insertId: 'i-1', time: 1000 })
  })

  it('of a replay stands where its event stood, and has been published once more', () => {
    const replay = { id: '7-3', line: 3, ordinal: 1, replays: 4, pushedAs: '9' }
    const message = { ...MESSAGE, replay }
    const unreadable = { ordinal: 1, child: 0, outcome: rejected('too_large', 'is') }

    const letters = [letterOf(aRejectedEvent(), message), letterOf(unreadable, message)]

    assert.deepEqual(
      letters.map(({ id, line, replays }) => [id, line, replays]),
      [
        ['11844765153650126-3', 3, 5],
        ['11844765153650126-3', 3, 5],
      ],
    )
  })

  it('tells the children of one event apart, and says of how many it is one', () => {
    const letters = [1, 2].map((child) => letterOf(aRejectedEvent({ child, children: 2 })))

    assert.deepEqual(
      letters.map(({ id, child, children }) => [id, child, children]),
      [
        ['11844765153650126-3-1', 1, 2],
        ['11844765153650126-3-2', 2, 2],
      ],
    )
  })

  it('has texts for people of 1 KB at most, no character cut', () => {
    const outcome = rejected('transform_failed', `x${'€'.repeat(400)}`, 'f'.repeat(2_000))

    const { detail, field } = letterOf(aRejectedEvent({ outcome }))

    assert.deepEqual([detail, field], [`x${'€'.repeat(341)}`, 'f'.repeat(1_024)])
  })

  it('holds all there is to know of its message but the data', () => {
    const message: Message = {
      ...MESSAGE,
      publishTime: '2026-01-02T03:04:05Z',
      publishedAt: 1,
      orderingKey: 'k',
      deliveryAttempt: 5,
    }

    assert.deepEqual(letterOf(aRejectedEvent(), message).message, {
      messageId: '11844765153650126',
      publishTime: '2026-01-02T03:04:05Z',
      subscription: 'projects/p/subscriptions/s',
      orderingKey: 'k',
      attributes: { source: 'shop' },
      deliveryAttempt: 5,
    })
  })
})

describe('a letter of many events', () => {
  const MANY = {
    events: 3,
    lines: '1-2,9',
    reasons: { invalid_event: 2, invalid_json: 1 },
    field: 'properties.time',
  } as const

  function letterOfMany(changes: Partial<Message> = {}, many: RejectedMany = MANY): LetterToStore {
    const message = { ...MESSAGE, ...changes }
    return makeLetterOfMany(message, many, 0, publishedWhole(message))
  }

  it('holds the text of their message, and why and where they were rejected', () => {
    assert.deepEqual(letterOfMany(), {
      id: '11844765153650126-0',
      deadLetteredAt: '1970-01-01T00:00:00.000Z',
      reason: 'too_many_rejected',
      detail:
        '3 events were rejected: invalid_event 2, invalid_json 1; first field: properties.time',
      event: '{"event":',
      stage: 'published',
      line: 0,
      events: 3,
      lines: '1-2,9',
      replays: 0,
      message: {
        messageId: '11844765153650126',
        subscription: 'projects/p/subscriptions/s',
        attributes: { source: 'shop' },
      },
    })
  })

  it('counts a single event in the singular', () => {
    const letter = letterOfMany({}, { events: 1, lines: '7', reasons: { too_large: 1 } })

    assert.equal(letter.detail, '1 event was rejected: too_large 1')
  })

  it('names no field when none of its events does, and holds a text of a mebibyte', () => {
    const { field: _, ...many } = MANY
    const text = 'x'.repeat(1024 * 1024)

    const letter = letterOfMany({ data: Buffer.from(text).toString('base64') }, many)

    assert.equal(letter.detail, '3 events were rejected: invalid_event 2, invalid_json 1')
    assert.ok(letter.event === text)
  })

  for (const [what, bytes] of [
    ['is no text', Buffer.from([0x1f, 0x8b, 0xff])],
    ['is a long text', Buffer.alloc(1024 * 1024 + 1, 'x')],
  ] as const) {
    it(`holds the data as published when it ${what}`, () => {
      const data = bytes.toString('base64')

      const letter = letterOfMany({ data })

      assert.equal(letter.data, data)
      assert.ok(!('event' in letter))
      assert.equal(letterOfMany({ data: bytes }).data, bytes)
    })
  }

  it('holds the text of data in bytes', () => {
    const letter = letterOfMany({ data: Buffer.from('no event') })

    assert.equal(letter.event, 'no event')
    assert.ok(!('data' in letter))
  })

  it('of a replay keeps its id, and has been published once more', () => {
    const replay = { id: '1-0', line: 0, ordinal: 1, replays: 4, pushedAs: '9' }

    const { id, replays } = letterOfMany({ replay })

    assert.deepEqual([id, replays], ['11844765153650126-0', 5])
  })
})
