import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
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
  PUBLISHED,
  preparedOf,
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
  it('is the same in whatever message the event comes', () => {
    const id = insertIdOf(byContent, {})

    assert.match(id, HASH)
    assert.equal(insertIdOf(byContent, {}, aMessage({ messageId: '1' })), id)
    assert.equal(insertIdOf(byContent, { line: { number: 7, text: anEvent({}) } }), id)
  })

  it('is of the line as it was published, whatever the transform makes of it', () => {
    const mapped = { ...candidateOf(anEvent({ a: 1 })), line: candidateOf(anEvent({})).line }

    assert.equal(insertIdOf(byContent, mapped), insertIdOf(byContent, {}))
  })

  it('differs with the text and with the time', () => {
    const ids = [
      insertIdOf(byContent, {}),
      insertIdOf(byContent, candidateOf(anEvent({ a: 1 }))),
      insertIdOf(byContent, {}, aMessage({ publishedAt: PUBLISHED + 1 })),
    ]

    assert.equal(new Set(ids).size, 3)
  })

  it('differs among equal lines, and is the same for them at each delivery', () => {
    const texts = [anEvent({}), anEvent({ a: 1 }), anEvent({}), anEvent({})]

    const ids = insertIdsOf(byContent, texts.map(candidateOf))

    assert.equal(new Set(ids).size, 4)
    assert.deepEqual(insertIdsOf(byContent, texts.map(candidateOf)), ids)
    assert.equal(ids[0], insertIdOf(byContent, {}))
  })

  it('counts lines, not the children of a line', () => {
    const [only, second] = [1, 3].map((count) => {
      const candidates = [...childrenOf(anEvent({}), count, 1), ...childrenOf(anEvent({}), 1, 2)]
      return insertIdsOf(byContent, candidates).at(-1)
    })

    assert.equal(only, second)
  })

  it('counts on in a replay from where its line stood among its equals', () => {
    const replay = { id: '7-3', line: 3, ordinal: 2, replays: 0, pushedAs: '9' }
    const equals = [1, 2, 3].flatMap((line) => childrenOf(anEvent({}), 1, line))

    const [, second, third] = insertIdsOf(byContent, equals)
    const replayed = insertIdsOf(byContent, equals.slice(0, 2), aMessage({ replay }))

    assert.deepEqual(replayed, [second, third])
  })

  it('tells messages apart that have no data but what was made of their attributes', () => {
    const line = { number: 0, text: '' }

    const ids = [{}, { a: 1 }].map((properties) => {
      return insertIdOf(byContent, { ...candidateOf(anEvent(properties)), line })
    })

    assert.notEqual(ids[0], ids[1])
  })
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
      ['b6e3741b145324d42b7b4477726972edce94', '7a8af1fa2f19cb9c107a4adb0c9de42e0861'],
    ],
    [
      'of the content of equal lines',
      byContent,
      [anEvent({}), anEvent({})].map(candidateOf),
      ['24f2836fba13cbe27a23d3f475198c4fd426', 'ff1b5e0907d1032ef03867b27a6d91bf1bf1'],
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
  it(`gives children ids of their own by ${mode}, though all bear their parent's`, () => {
    for (const parent of [{}, { $insert_id: 'parent' }, { $insert_id: 'p_1' }]) {
      const children = childrenOf(anEvent(parent), 3)

      const ids = insertIdsOf(prepare, children)

      assert.equal(new Set([...ids, 'parent']).size, 4)
      assert.deepEqual(insertIdsOf(prepare, children), ids)
    }
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
