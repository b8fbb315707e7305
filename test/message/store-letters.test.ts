import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLetterTally } from '../../src/dead-letter/letter-tally.ts'
import { OutcomeTable } from '../../src/message/outcome-table.ts'
import type { Portions } from '../../src/message/portions.ts'
import { createStoreLetters } from '../../src/message/store-letters.ts'
import type { RejectedMany } from '../../src/model/dead-letter.ts'
import type { Message } from '../../src/model/message.ts'
import { rejected } from '../../src/model/outcome.ts'
import { aMessage } from '../helpers/builders.ts'
import { UNCOUNTED } from '../helpers/outcomes.ts'

const BAD = rejected('invalid_event', 'the event is not a JSON object')
const MIB = 1024 * 1024

describe('the rejected events of a message in portions', () => {
  it('are stored at once when their letters are small', async () => {
    const { store, stores, made } = aScene({ lines: 10 })

    assert.equal(await store(), true)

    assert.deepEqual([stores, made()], [[10], 1])
  })

  it('are stored at once when their letters have exactly 1 MiB', async () => {
    const { store, stores, made } = aScene({ lines: 1, letterBytes: MIB })

    assert.equal(await store(), true)

    assert.deepEqual([stores, made()], [[1], 1])
  })

  it('are stored only for the portions that have some', async () => {
    const { store, stores } = aScene({ lines: 3_000, bad: 1_500, decodedBytes: 1e6 })

    assert.equal(await store(), true)

    assert.deepEqual(stores, [1_000, 500])
  })

  it('are made again and stored portion by portion when their letters are large', async () => {
    const { store, stores, made } = aScene({ lines: 2_000, decodedBytes: 1e6 })

    assert.equal(await store(), true)

    assert.deepEqual([stores, made()], [[1_000, 1_000], 2])
  })

  it('are stored as one letter alone when their letters would be too many', async () => {
    const { store, stores, many } = aScene({ lines: 2_000, decodedBytes: 1_000 })

    assert.equal(await store(), true)

    assert.deepEqual(stores, [])
    assert.deepEqual(
      many.map(({ events, lines }) => [events, lines]),
      [[2_000, '1-2000']],
    )
  })

  for (const [what, looks, stored] of [
    ['while they are measured', 1, []],
    ['before they are stored', 2, []],
    ['between two portions', 3, [1_000]],
  ] as const) {
    it(`are not safe when the time of the message ends ${what}`, async () => {
      const { store, stores } = aScene({ lines: 2_000, decodedBytes: 1e6, looks })

      assert.equal(await store(), false)

      assert.deepEqual(stores, stored)
    })
  }

  it('are not stored as one letter when the time of the message ends while they are measured', async () => {
    const { store, stores, many } = aScene({ lines: 2_000, decodedBytes: 1_000, looks: 1 })

    assert.equal(await store(), false)

    assert.deepEqual([stores, many], [[], []])
  })

  it('are not safe when one of them cannot be stored', async () => {
    const { store, stores } = aScene({ lines: 3_000, decodedBytes: 1e6, failsAt: 2 })

    assert.equal(await store(), false)

    assert.deepEqual(stores, [1_000, 1_000])
  })
})

interface SceneOptions {
  readonly lines: number
  /** The number of lines, from the first on, that are rejected. */
  readonly bad?: number
  /** The size of each letter. */
  readonly letterBytes?: number
  readonly decodedBytes?: number
  /** The number of times that letters may be stored when that is asked. */
  readonly looks?: number
  readonly failsAt?: number
}

/** A message of lines, a thousand of them a portion. */
function aScene(options: SceneOptions) {
  const { lines, bad = lines, letterBytes = 1_500 } = options
  const { decodedBytes = 0, looks = 1e9, failsAt = 1e9 } = options
  const message = aMessageWithLetters(letterBytes)
  const stores: number[] = []
  const many: RejectedMany[] = []
  let timesMade = 0
  let left = looks
  const outcomes = new OutcomeTable(UNCOUNTED)
  outcomes.addPortion({ lines, events: lines })
  for (let place = 0; place < bad; place += 1) outcomes.recordUnsent(place, BAD)
  const progress = {
    outcomes,
    isTimeToStore: () => {
      left -= 1
      return left >= 0
    },
  }
  const storeLetters = createStoreLetters(
    {
      tallyLetters: createLetterTally,
      storeRejected: async (_, events) => stores.push(events.length) !== failsAt,
      storeMany: async (_, sum) => many.push(sum) > 0,
    },
    async () => {},
  )
  const body = { bytes: Buffer.alloc(decodedBytes), isUtf8: true }
  const decoded = { kind: 'lines', body, lines: [] } as const
  const store = () => storeLetters({ message, decoded, again }, progress)
  return { store, stores, many, made: () => timesMade }

  function again() {
    timesMade += 1
    return madeOf(message, lines)
  }
}

/** A message whose first line has a letter of this size. */
function aMessageWithLetters(letterBytes: number): Message {
  const empty = aMessage({ attributes: { large: '' } })
  const tally = createLetterTally(empty, 0)
  tally.add([{ line: { number: 1, text: '1' }, ordinal: 1, child: 0, outcome: BAD }])
  return aMessage({ attributes: { large: 'v'.repeat(letterBytes - tally.bytes()) } })
}

function madeOf(message: Message, lines: number): ReturnType<Portions['again']> {
  let from = 0
  return {
    message,
    next() {
      const count = Math.min(1_000, lines - from)
      const events = Array.from({ length: count }, (_, at) => {
        return { line: { number: from + at + 1, text: '1' }, child: 0, step: BAD }
      })
      from += count
      return { events, lines: count, isLast: from === lines, hasPassed: false }
    },
  }
}
