import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PUBLISHED } from '../../src/dead-letter/letter-form.ts'
import { createRejectedStore } from '../../src/dead-letter/store-rejected.ts'
import type { LetterToStore, StoreDeadLetters } from '../../src/model/dead-letter.ts'
import type { Message } from '../../src/model/message.ts'
import { rejected } from '../../src/model/outcome.ts'
import type { RejectedEvent } from '../../src/model/pending-event.ts'
import { aMessage, aPreparedEvent } from '../helpers/builders.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const MESSAGE = aMessage({ messageId: '1' })
const BAD_LINE = rejected('invalid_json', 'no JSON')

describe('storing the rejected events of a message', () => {
  it('is done, with a letter for each, once the store is', async () => {
    const { storeRejected, clock, letters, told } = createScene({ storesInMs: 250 })
    await clock.advance(1_000)
    const stored = storeRejected(MESSAGE, [aRejectedEvent(1), aRejectedEvent(2)])

    await clock.advance(249)
    assert.deepEqual(told, [])
    await clock.advance(1)

    assert.equal(await stored, true)
    assert.deepEqual(
      letters.map(({ id, reason }) => [id, reason]),
      [
        ['1-1', 'invalid_json'],
        ['1-2', 'invalid_json'],
      ],
    )
    assert.deepEqual(told, ['{"invalid_json":2} stored in 250 ms'])
  })

  it('says when the letter was written', async () => {
    const { storeRejected, letters } = createScene()

    await storeRejected(MESSAGE, [aRejectedEvent(1)])

    assert.equal(letters[0]?.deadLetteredAt, '2026-01-01T00:00:00.000Z')
  })

  it('says what the event was sent with, and which child it was', async () => {
    const { storeRejected, letters } = createScene()
    const event = aPreparedEvent({ insertId: 'i-1', time: 1_000 })

    await storeRejected(MESSAGE, [aRejectedEvent(1, { prepared: event, child: 2 })])

    const [letter] = letters
    assert.deepEqual([letter?.id, letter?.insertId, letter?.time], ['1-1-2', 'i-1', 1_000])
  })

  it('keeps the published data of a message that was rejected as a whole', async () => {
    const { storeRejected, letters } = createScene()
    const { line: _, ...whole } = aRejectedEvent(1)

    await storeRejected(MESSAGE, [whole])

    assert.deepEqual([letters[0]?.id, letters[0]?.data], ['1-0', MESSAGE.data])
  })

  it('makes a thousand letters at a time, of however many', async () => {
    const { storeRejected, letters, groups } = createScene()
    const events = Array.from({ length: 2_500 }, (_, index) => aRejectedEvent(index + 1))

    const stored = await storeRejected(MESSAGE, events)

    assert.equal(stored, true)
    assert.deepEqual(groups, [1_000, 1_000, 500])
    assert.equal(new Set(letters.map(({ id }) => id)).size, 2_500)
  })

  it('makes fewer letters at a time when each repeats attributes of a great size', async () => {
    const { storeRejected, groups } = createScene()
    const attributes = { large: 'x'.repeat(100_000) }
    const events = Array.from({ length: 100 }, (_, index) => aRejectedEvent(index + 1))

    const stored = await storeRejected({ ...MESSAGE, attributes }, events)

    assert.equal(stored, true)
    assert.deepEqual(groups, [41, 41, 18])
  })

  it('ends between groups of letters once they may be stored no more', async () => {
    const { storeRejected, groups, told } = createScene()
    const events = Array.from({ length: 2_500 }, (_, index) => aRejectedEvent(index + 1))

    const stored = await storeRejected(MESSAGE, events, () => groups.length < 2)

    assert.equal(stored, false)
    assert.deepEqual(groups, [1_000, 1_000])
    assert.equal(told.length, 2)
  })

  it('is one letter for many, which tells their own reasons', async () => {
    const { storeMany, letters, told } = createScene()

    const many = { events: 2_000, lines: '1-2000', reasons: { invalid_json: 2_000 } }
    const stored = await storeMany(MESSAGE, many, NO_LINES)

    assert.equal(stored, true)
    assert.deepEqual(
      letters.map(({ reason, events }) => [reason, events]),
      [['too_many_rejected', 2_000]],
    )
    assert.deepEqual(told, ['{"invalid_json":2000} stored in 0 ms'])
  })

  it('says how many children its line has, when it has several', async () => {
    const { storeRejected, letters } = createScene()

    await storeRejected(MESSAGE, [aRejectedEvent(1, { child: 2, children: 3 }), aRejectedEvent(2)])

    assert.deepEqual(
      letters.map(({ child, children }) => [child, children]),
      [
        [2, 3],
        [undefined, undefined],
      ],
    )
    assert.deepEqual(
      letters.map((letter) => 'children' in letter),
      [true, false],
    )
  })

  it('keeps the ordinal of a letter that was published again', async () => {
    const { storeRejected, letters } = createScene()
    const replay = { id: '1-3', line: 3, ordinal: 4, replays: 0, pushedAs: '9' }

    await storeRejected({ ...MESSAGE, replay }, [aRejectedEvent(3)])

    assert.equal(letters[0]?.ordinal, 4)
  })

  it('asks only between groups whether letters may still be stored, and stores none for no events', async () => {
    const { storeRejected, groups } = createScene()

    assert.equal(await storeRejected(MESSAGE, [aRejectedEvent(1)], () => false), true)
    assert.equal(await storeRejected(MESSAGE, [], () => false), true)

    assert.deepEqual(groups, [1])
  })

  it('makes one letter alone that is larger than what is made at a time', async () => {
    const { storeRejected, groups } = createScene()
    const large = { line: { number: 1, text: 'x'.repeat(5_000_000) } }

    await storeRejected(MESSAGE, [aRejectedEvent(1, large), aRejectedEvent(2, large)])

    assert.deepEqual(groups, [1, 1])
  })

  it('says which of its equal lines a letter is of, from the second on', async () => {
    const { storeRejected, letters } = createScene()
    const events = [
      aRejectedEvent(1),
      aRejectedEvent(2, { ordinal: 2 }),
      aRejectedEvent(3, { ordinal: 3 }),
    ]

    await storeRejected(MESSAGE, events)

    assert.deepEqual(
      letters.map(({ ordinal }) => ordinal),
      [undefined, 2, 3],
    )
  })

  it('is not done when the store fails, and never rejects', async () => {
    const { storeRejected, told } = createScene({ fails: true })

    const stored = await storeRejected(MESSAGE, [aRejectedEvent(1)])

    assert.equal(stored, false)
    assert.deepEqual(told, ['Error: ENOSPC'])
  })
})

function aRejectedEvent(number: number, changes: Partial<RejectedEvent> = {}): RejectedEvent {
  return {
    line: { number, text: '{"event":' },
    ordinal: 1,
    child: 0,
    outcome: BAD_LINE,
    ...changes,
  }
}

const NO_LINES = { kind: 'lines', body: { bytes: Buffer.of(), isUtf8: true }, lines: [] } as const

function createScene({ storesInMs = 0, fails = false } = {}) {
  const clock = createFakeClock()
  const letters: LetterToStore[] = []
  const groups: number[] = []
  const told: string[] = []
  const telemetry = {
    deadLettersStored: (reasons: object, ms: number) => {
      told.push(`${JSON.stringify(reasons)} stored in ${ms} ms`)
    },
    deadLettersNotStored: (error: unknown) => told.push(String(error)),
  }
  const store: StoreDeadLetters = async (stored) => {
    if (fails) throw new Error('ENOSPC')
    letters.push(...stored)
    groups.push(stored.length)
    if (storesInMs > 0) await new Promise<void>((resolve) => clock.after(storesInMs, resolve))
  }
  const { storeRejected, storeMany } = createRejectedStore({
    store,
    clock,
    telemetry,
    form: PUBLISHED,
  })
  return {
    storeRejected: (
      message: Message,
      events: readonly RejectedEvent[],
      isTimeToStore = () => true,
    ) => storeRejected(message, events, isTimeToStore),
    storeMany,
    clock,
    letters,
    groups,
    told,
  }
}
