import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Replay } from '../../src/model/message.ts'
import { aMessage } from '../helpers/builders.ts'
import {
  anEvent,
  BAD_IDS,
  byContent,
  byMessage,
  candidateOf,
  childrenOf,
  insertIdOf,
  insertIdsOf,
  type Prepare,
  PUBLISHED,
  preparedOf,
  siblingsOf,
} from './events.ts'

const HASH = /^[0-9a-f]{36}$/

describe('$insert_id', () => {
  for (const [given, id] of [
    ['28096095', '28096095'],
    [28096095, '28096095'],
    [-5, '-5'],
  ] as const) {
    it(`${JSON.stringify(given)} is used as the text ${id}`, () => {
      const event = preparedOf(anEvent({ time: 1e9, $insert_id: given }))

      assert.equal(event.insertId, id)
      assert.equal(event.text, anEvent({ time: 1e9, $insert_id: id }))
    })
  }

  it('that is a number keeps the digits that a value would lose', () => {
    const text = '{"event":"a","properties":{"$insert_id":12345678901234567890}}'

    assert.equal(preparedOf(text).insertId, '12345678901234567890')
  })

  for (const given of ['evt_1', 'x'.repeat(37), 'ü', ' ', 1.5, { $oid: 'a1' }, [1]]) {
    it(`${JSON.stringify(given)} is hashed, whatever the message`, () => {
      const text = anEvent({ $insert_id: given })

      const { insertId } = preparedOf(text)

      assert.match(insertId, HASH)
      assert.equal(preparedOf(text, aMessage({ messageId: '1' })).insertId, insertId)
      assert.equal(preparedOf(text).text.includes(`"$insert_id":"${insertId}"`), true)
    })
  }

  it('that differs is hashed to another id', () => {
    const given = ['a_1', 'a_2', `${'x'.repeat(36)}1`, `${'x'.repeat(36)}2`, '1.5', '1.50']

    const ids = given.map((id) => preparedOf(anEvent({ $insert_id: id })).insertId)

    assert.equal(new Set(ids).size, given.length)
  })

  const placeholders = new Set(BAD_IDS.flatMap((id) => [id, id.toUpperCase()]))
  for (const given of [undefined, null, '', 0, -1, true, false, [], {}, ...placeholders]) {
    it(`${JSON.stringify(given)} is replaced by a derived one`, () => {
      assert.equal(preparedOf(anEvent({ $insert_id: given })).insertId, '2070443601311540-1')
    })
  }
})

describe('an insert id derived from the message', () => {
  it('is its id and the line', () => {
    const line = { number: 12, text: anEvent({}) }

    assert.equal(insertIdOf(byMessage, { line }), '2070443601311540-12')
  })

  for (const messageId of ['test-1', '1-test', '', '1'.repeat(35), 'projects/p']) {
    it(`is a hash of them for the message id ${JSON.stringify(messageId)}`, () => {
      const message = aMessage({ messageId })

      const ids = [1, 2].map((number) =>
        insertIdOf(byMessage, { line: { number, text: anEvent({}) } }, message),
      )

      assert.match(ids[0] ?? '', HASH)
      assert.notEqual(ids[0], ids[1])
      assert.notEqual(ids[0], insertIdOf(byMessage, {}, aMessage({ messageId: 'test-2' })))
    })
  }
})

describe('an insert id derived from the content', () => {
  const TIMED = anEvent({ time: 1e9 })
  const timed = (more: Record<string, unknown> = {}, index = 0) =>
    candidateOf(anEvent({ time: 1e9, ...more }), index)

  it('is the same in whatever message and on whatever line the event comes', () => {
    const id = insertIdOf(byContent, timed())

    assert.match(id, HASH)
    assert.equal(insertIdOf(byContent, timed(), aMessage({ messageId: '1' })), id)
    assert.equal(insertIdOf(byContent, timed({}, 6)), id)
  })

  it('is of the event as it is sent, whatever line it was made of', () => {
    const lines = [anEvent({}), anEvent({ a: 1 })].map((text, index) => ({
      ...timed(),
      line: candidateOf(text, index).line,
    }))

    const [one, other] = lines.map((candidate) => insertIdOf(byContent, candidate))

    assert.equal(one, other)
    assert.equal(new Set(insertIdsOf(byContent, lines)).size, 2)
  })

  it('tells events apart that a transform made of equal lines', () => {
    const made = ['a', 'b', 'c'].map((source, index) => {
      return { ...timed({ source }), line: { number: index + 1, text: TIMED } }
    })

    const ids = made.map((candidate) => insertIdOf(byContent, candidate))

    assert.equal(new Set(ids).size, 3)
  })

  it('differs with the text and with the time', () => {
    const ids = [timed(), timed({ a: 1 }), timed({ time: 1e9 + 1 })].map((candidate) =>
      insertIdOf(byContent, candidate),
    )

    assert.equal(new Set(ids).size, 3)
  })

  it('differs among equal events, and is the same for them at each delivery', () => {
    const events = [timed(), timed({ a: 1 }, 1), timed({}, 2), timed({}, 3)]

    const ids = insertIdsOf(byContent, events)

    assert.equal(new Set(ids).size, 4)
    assert.deepEqual(insertIdsOf(byContent, events, aMessage({ messageId: '7' })), ids)
    assert.equal(ids[0], insertIdOf(byContent, timed()))
  })

  it('counts events, not the lines that they were made of', () => {
    const twins = childrenOf(TIMED, 2, 1)

    const ids = insertIdsOf(byContent, [...twins, timed({}, 1)])

    const apart = insertIdsOf(byContent, [timed(), timed({}, 1), timed({}, 2)])
    assert.deepEqual(ids, apart)
  })

  it('is the message’s for an event without a time of its own', () => {
    for (const time of [undefined, null]) {
      const candidate = candidateOf(anEvent({ time }), 4)

      assert.equal(insertIdOf(byContent, candidate), insertIdOf(byMessage, candidate))
    }
  })

  for (const [what, time] of [
    ['no time of its own', undefined],
    ['a time long ago', 1e9],
    ['the time of its publication', new Date(PUBLISHED).toISOString()],
    ['a clock that is half an hour fast', PUBLISHED + 1_800_000],
    ['a clock that is a second fast', PUBLISHED + 1_000],
  ] as const) {
    it(`stays the same when Pub/Sub redelivers an event of ${what} with another publish time`, () => {
      const event = candidateOf(anEvent({ time }))

      const ids = [0, 1, 1_000, 3_600_000].map((laterMs) =>
        insertIdOf(byContent, event, aMessage({ publishedAt: PUBLISHED + laterMs })),
      )

      assert.equal(new Set(ids).size, 1)
    })
  }

  it('never makes one of clicks that differ in nothing but a time that is ahead', () => {
    const clicks = [1, 2].map((second) =>
      candidateOf(anEvent({ time: PUBLISHED + second * 1_000 })),
    )

    const ids = clicks.map((click) => insertIdOf(byContent, click))

    assert.equal(new Set(ids).size, 2)
  })
})

describe('the insert id of a replayed event', () => {
  const REPLAY = { id: '77-3', line: 3, ordinal: 1, replays: 0, pushedAs: '9' }
  const replayed = (replay: Partial<Replay> = {}) =>
    aMessage({ messageId: '77', replay: { ...REPLAY, ...replay } })
  const event = (line: number, time: unknown = 1e9) => candidateOf(anEvent({ time }), line - 1)

  for (const [mode, prepare] of [
    ['message', byMessage],
    ['content', byContent],
  ] as const) {
    it(`is the one its letter names, by ${mode}`, () => {
      for (const time of [undefined, 1e9]) {
        const id = insertIdOf(prepare, event(3, time), replayed({ insertId: 'the-one' }))

        assert.equal(id, 'the-one')
      }
    })

    it(`is its own before the one its letter names, by ${mode}`, () => {
      const own = candidateOf(anEvent({ $insert_id: 'own' }), 2)

      assert.equal(insertIdOf(prepare, own, replayed({ insertId: 'the-one' })), 'own')
    })

    it(`is none that Mixpanel would not take, by ${mode}`, () => {
      for (const insertId of ['a_1', 'x'.repeat(37), 'null', '']) {
        assert.notEqual(insertIdOf(prepare, event(3), replayed({ insertId })), insertId)
      }
    })

    it(`is named for its child alone, and for its siblings the one they have, by ${mode}`, () => {
      const children = childrenOf(anEvent({ time: 1e9 }), 3, 3)
      const ids = insertIdsOf(prepare, children, aMessage({ messageId: '77' }))

      for (const [index, insertId] of ids.entries()) {
        const message = replayed({ id: `77-3-${index + 1}`, insertId })
        assert.equal(insertIdsOf(prepare, children, message)[index], insertId)
        if (mode === 'message') assert.deepEqual(insertIdsOf(prepare, children, message), ids)
      }
    })

    it(`tells equal events apart that were rejected before they had one, by ${mode}`, () => {
      const ids = [1, 2, 3].flatMap((line) => [
        insertIdOf(prepare, event(line), replayed({ id: `77-${line}`, line })),
      ])

      assert.equal(new Set(ids).size, 3)
      assert.equal(ids[2], insertIdOf(prepare, event(3), replayed({ replays: 4, pushedAs: '10' })))
    })

    it(`does not take that of an imported event when its letter was made into several, by ${mode}`, () => {
      const imported = insertIdOf(prepare, event(1), aMessage({ messageId: '77' }))
      const mended = aMessage({ messageId: '77-3', replay: { ...REPLAY, line: 0 } })

      const ids = insertIdsOf(prepare, [event(1), event(2)], mended)

      assert.equal(new Set([imported, ...ids]).size, 3)
    })

    it(`is what it would have been when its message was rejected as a whole, by ${mode}`, () => {
      const lines = [event(1), event(2)]
      const whole = replayed({ id: '77-0', line: 0 })

      assert.deepEqual(
        insertIdsOf(prepare, lines, whole),
        insertIdsOf(prepare, lines, aMessage({ messageId: '77' })),
      )
    })
  }
})

describe('a hashed insert id is the same in each version, so that a rollout doubles nothing', () => {
  const message = aMessage({ messageId: 'test-1' })

  for (const [what, prepare, candidates, ids] of [
    [
      "of an event's own id",
      byMessage,
      [candidateOf(anEvent({ $insert_id: 'p_1' }))],
      ['182f52b6dca1eebeb39eae6ef515d7b951d8'],
    ],
    [
      'of message id and line',
      byMessage,
      [candidateOf(anEvent({}))],
      ['8dcd38d4b7374468d56c9d4a9a278f915214'],
    ],
    [
      'of the children of a line',
      byMessage,
      childrenOf(anEvent({}), 2),
      ['8dcd38d4b7374468d56c9d4a9a278f915214', '7a8af1fa2f19cb9c107a4adb0c9de42e0861'],
    ],
    [
      'of the content of equal events',
      byContent,
      [anEvent({ time: 1e9 }), anEvent({ time: 1e9 })].map(candidateOf),
      ['01706bd2664b711154f76dcf4be1a95d9d49', '563eb0df925292ba41d2bdc0d8800e732060'],
    ],
  ] as const) {
    it(what, () => {
      assert.deepEqual(insertIdsOf(prepare, candidates, message), ids)
    })
  }
})

for (const [mode, prepare] of [
  ['message', byMessage],
  ['content', byContent],
] as const) {
  describe(`the children of a line, by ${mode},`, () => {
    it('have ids of their own, though all bear their parent’s', () => {
      for (const parent of [{}, { time: 1e9 }, { $insert_id: 'parent' }, { $insert_id: 'p_1' }]) {
        const children = childrenOf(anEvent(parent), 3)

        const ids = insertIdsOf(prepare, children)

        assert.equal(new Set(ids).size, 3)
        assert.deepEqual(insertIdsOf(prepare, children), ids)
      }
    })

    it('keep the ids that they were given, in whatever place they come', () => {
      const given = ['order-1', 'order-2', 'order_3', 'order_4']
      const events = given.map((id) => anEvent({ $insert_id: id }))
      const alone = events.map((text) => insertIdOf(prepare, candidateOf(text)))

      const ids = insertIdsOf(prepare, siblingsOf(events))
      const turned = insertIdsOf(prepare, siblingsOf(events.toReversed()))

      assert.deepEqual(ids, alone)
      assert.deepEqual(turned, alone.toReversed())
    })

    it('leave the id of a sibling free that is rejected, for when it is mended', () => {
      const good = anEvent({ $insert_id: 'one' })
      const faults = [
        anEvent({ $insert_id: 'one', distinct_id: 'null' }),
        anEvent({ $insert_id: 'one', time: 'never' }),
        '{"properties":{"$insert_id":"one"}}',
      ]
      for (const fault of faults) {
        const [, mended] = insertIdsOf(prepare, siblingsOf([good, good]))

        const [rejected, step] = prepare(aMessage(), siblingsOf([fault, good]))

        assert.equal(rejected?.kind, 'rejected')
        assert.ok(step?.kind === 'prepared')
        assert.equal(step.insertId, mended)
      }
    })

    const childText = fc
      .record(
        {
          time: fc.constantFrom(1e9, 1e9 + 1, PUBLISHED + 1),
          $insert_id: fc.constantFrom('one', 'two', 'p_1', 'null', '2070443601311540-1'),
          a: fc.constantFrom(1, 2),
        },
        { requiredKeys: [] },
      )
      .map(anEvent)
    const lines = fc.array(fc.array(childText, { minLength: 1, maxLength: 5 }), { maxLength: 4 })

    it('never have one id twice', () => {
      fc.assert(
        fc.property(fc.array(childText, { minLength: 1, maxLength: 8 }), (texts) => {
          const ids = insertIdsOf(prepare, siblingsOf(texts))

          assert.equal(new Set(ids).size, texts.length)
        }),
      )
    })

    it('have among them the id of an only child, as the first', () => {
      fc.assert(
        fc.property(
          fc.array(childText, { minLength: 1, maxLength: 5 }),
          ([first = '', ...rest]) => {
            const [id] = insertIdsOf(prepare, siblingsOf([first, ...rest]))

            assert.equal(id, insertIdOf(prepare, candidateOf(first)))
          },
        ),
      )
    })

    it('are none that were not imported when a transform makes fewer of each line', () => {
      fc.assert(
        fc.property(lines, fc.array(fc.nat(4), { minLength: 4, maxLength: 4 }), (all, left) => {
          const fewer = all.map((texts, index) => texts.slice(0, 1 + (left[index] ?? 0)))

          const imported = new Set(rowsOf(prepare, all))

          assert.deepEqual(
            rowsOf(prepare, fewer).filter((row) => !imported.has(row)),
            [],
          )
        }),
      )
    })
  })

  it(`never gives two lines of a message the same derived id by ${mode}`, () => {
    const text = fc.constantFrom(anEvent({}), anEvent({ a: 1 }), anEvent({ time: 1e9 }))
    const children = fc.array(fc.tuple(text, fc.integer({ min: 1, max: 3 })), { maxLength: 8 })
    const messageId = fc.constantFrom('1', '11', '1-1', 'm')

    fc.assert(
      fc.property(children, messageId, (lines, id) => {
        const candidates = lines.flatMap(([line, count], index) =>
          childrenOf(line, count, index + 1),
        )

        const ids = insertIdsOf(prepare, candidates, aMessage({ messageId: id }))

        assert.equal(new Set(ids).size, candidates.length)
      }),
    )
  })
}

/** The keys by which Mixpanel knows the events that are made of these lines. */
function rowsOf(prepare: Prepare, lines: readonly (readonly string[])[]): string[] {
  const candidates = lines.flatMap((texts, index) => siblingsOf(texts, index + 1))
  return prepare(aMessage(), candidates).map((step) => {
    assert.ok(step.kind === 'prepared')
    return `${step.insertId} ${step.time}`
  })
}
