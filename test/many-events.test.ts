import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseLine } from '../src/decode/parse-line.ts'
import type { Body, Place } from '../src/model/event.ts'
import type { Message } from '../src/model/message.ts'
import { IMPORTED, rejected } from '../src/model/outcome.ts'
import type { RejectedEvent } from '../src/model/pending-event.ts'
import { createPrepare } from '../src/prepare/prepare.ts'
import { aMessage, base64 } from './helpers/builders.ts'
import { createFakeClock, type FakeClock, settlePromises } from './helpers/fake-clock.ts'
import { createLedgerScene, type LedgerScene, type Push } from './helpers/ledger.ts'
import {
  createPath,
  eventText,
  type FakeAnswer,
  type Path,
  type PathChanges,
  timedText,
} from './helpers/path.ts'

const PORTIONS = { portionEvents: 4_000, windowBytes: 16 * 1024 * 1024, maxEvents: 2_000 }
const REFUSED = rejected('refused_by_mixpanel', 'no')
const BAD_LINE = '{"event":'

describe('a message of more events than can be imported before its deadline', () => {
  it('is imported to its end after its push was answered, and acked when it comes again', async () => {
    const clock = createFakeClock()
    const { path, push, eventTotals, budget } = createScene(clock, {
      answerTo: quotaOf(1_000, clock),
      maxConcurrency: 2,
    })
    const message = messageOf(namesOf(20_000))

    const first = await delivered(push, clock, message)
    assertBalance(eventTotals.snapshot())
    const second = await push(message)

    assert.deepEqual([first.answer, second.answer], ['nack deadline', 'ack imported'])
    assert.equal(path.sent.length, 20_000)
    assert.equal(new Set(path.sent).size, 20_000)
    assert.equal(eventTotals.snapshot().imported, 20_000)
    assert.equal(budget.held(), 0)
  })

  it('is imported piece by piece, each event once, and acked after a few deliveries', async () => {
    const clock = createFakeClock()
    const { path, push, eventTotals, budget } = createScene(clock, {
      answerTo: quotaOf(300, clock),
      maxConcurrency: 2,
      maxEvents: 200,
      portionEvents: 400,
    })
    const message = messageOf(namesOf(15_000))
    const answers: string[] = []
    const sent: number[] = []

    for (let attempt = 1; attempt <= 3; attempt += 1) {
      answers.push((await delivered(push, clock, message)).answer)
      sent.push(path.sent.length)
      assertBalance(eventTotals.snapshot())
    }

    assert.deepEqual(answers, ['nack deadline', 'nack deadline', 'ack imported'])
    assert.ok(sent[0] && sent[0] > 8_000 && sent[0] < 9_500, `${sent[0]}`)
    assert.equal(path.sent.length, 15_000)
    assert.equal(new Set(path.sent).size, 15_000)
    assert.equal(eventTotals.snapshot().imported, 15_000)
    assert.equal(budget.held(), 0)
  })

  it('has ids of its content that are the same in whatever delivery an event is sent', async () => {
    const ids: string[] = []
    const clock = createFakeClock()
    const quota = quotaOf(300, clock)
    const { push } = createScene(clock, {
      insertId: 'content',
      answerTo: (names) => ({
        ...quota(names),
        outcomeOf: (_, { prepared }) => {
          ids.push(prepared.insertId)
          return IMPORTED
        },
      }),
      maxConcurrency: 2,
      maxEvents: 200,
      portionEvents: 400,
    })
    const texts = Array.from({ length: 15_000 }, (_, index) => timedText(`e-${index % 5}`))
    const message = aMessage({ data: base64(texts.join('\n')) })
    const prepare = createPrepare({ insertId: 'content' })(message)
    const expected = texts.map((text, index) => {
      const line = { number: index + 1, text }
      const step = prepare({ line, child: 0, text, value: JSON.parse(text) })
      return step.kind === 'prepared' ? step.insertId : step.kind
    })

    const first = await delivered(push, clock, message)
    const sentAtFirst = ids.length
    await delivered(push, clock, message)
    const last = await delivered(push, clock, message)

    assert.deepEqual([first.answer, last.answer], ['nack deadline', 'ack imported'])
    assert.ok(sentAtFirst < texts.length, `${sentAtFirst}`)
    assert.equal(new Set(expected).size, texts.length)
    assert.deepEqual(ids.toSorted(), expected.toSorted())
  })

  it('is held in memory a portion at a time', async () => {
    const clock = createFakeClock()
    const { path, push } = createScene(clock, {
      answerTo: () => ({ afterMs: 1_000 }),
      portionEvents: 1_000,
      windowBytes: 0,
    })
    await push(messageOf(namesOf(10_000)))

    const sent = [path.sent.length]
    await clock.advance(1_000)
    sent.push(path.sent.length)

    assert.deepEqual(sent, [1_000, 2_000])
  })

  it('has none of its events read again that an earlier delivery has settled', async () => {
    const clock = createFakeClock()
    let read: number[] = []
    const readAndNote = (body: Body, place: Place) => {
      read.push(place.number)
      return parseLine(body, place)
    }
    const { push } = createScene(clock, {
      answerTo: () => ({ afterMs: 3_000 }),
      portionEvents: 100,
      windowBytes: 0,
      stages: { parse: readAndNote },
    })
    const message = messageOf(namesOf(2_000))
    await delivered(push, clock, message)

    read = []
    await delivered(push, clock, message)

    assert.equal(read[0], 1_001)
  })

  it('goes on where it was though a delivery in between has come to nothing', async () => {
    const clock = createFakeClock()
    const { path, push } = createScene(clock, {
      answerTo: () => ({ afterMs: 3_000 }),
      portionEvents: 100,
      windowBytes: 0,
    })
    const message = messageOf(namesOf(1_900))
    await delivered(push, clock, message)

    await push(message, 1_000)
    await clock.advance(60_000)
    await delivered(push, clock, message)
    const last = await delivered(push, clock, message)

    assert.equal(last.answer, 'ack imported')
    assert.equal(path.sent.length, 1_900)
  })

  it('has its rejected events stored after its push was answered, with their lines and ids', async () => {
    const clock = createFakeClock()
    const letters: RejectedEvent[] = []
    const names = namesOf(5_000)
    const { push } = createScene(clock, {
      answerTo: () => ({
        afterMs: 3_000,
        outcomeOf: (name) => (name === 'e-10' || name === 'e-4777' ? REFUSED : IMPORTED),
      }),
      portionEvents: 1_000,
      windowBytes: 2e5,
      stages: {
        storeRejected: async (_, rejected) => {
          letters.push(...rejected)
          return true
        },
      },
    })
    const texts = names.map(eventText)
    texts[4_990] = BAD_LINE
    texts[4_991] = '{"event":"no properties"}'
    const message = aMessage({ data: base64(texts.join('\n')) })

    const first = await push(message)
    await clock.advance(9_000)
    assert.deepEqual([first.answer, letters], ['nack deadline', []])
    await clock.advance(60_000)
    const stored = letters.length
    const second = await push(message)

    assert.deepEqual([stored, second.answer, letters.length], [4, 'ack dead_lettered', 4])
    assert.deepEqual(
      letters.map(({ line, prepared, outcome }) => [
        line?.number,
        prepared?.insertId,
        outcome.reason,
      ]),
      [
        [11, '2070443601311540-11', 'refused_by_mixpanel'],
        [4_778, '2070443601311540-4778', 'refused_by_mixpanel'],
        [4_991, undefined, 'invalid_json'],
        [4_992, undefined, 'invalid_event'],
      ],
    )
    assert.deepEqual(
      letters.map(({ line }) => line?.text),
      [10, 4_777, 4_990, 4_991].map((index) => texts[index]),
    )
  })

  it('has the letters of equal lines told apart, in whatever portions they stand', async () => {
    const ordinals: (number | undefined)[] = []
    const { push } = createScene(createFakeClock(), {
      answerTo: ([name]) => ({ outcomeOf: () => (name === 'a' ? REFUSED : IMPORTED) }),
      portionEvents: 2,
      maxEvents: 1,
      stages: {
        storeRejected: async (_, rejected) => {
          ordinals.push(...rejected.map(({ ordinal }) => ordinal))
          return true
        },
      },
    })

    await push(messageOf(['a', 'b', 'a', 'b', 'b', 'a']))

    assert.deepEqual(ordinals, [1, 2, 3])
  })

  it('stores no dead letter of its first portions when one of the last cannot be stored', async () => {
    const clock = createFakeClock()
    let stores = 0
    const { push, eventTotals } = createScene(clock, {
      answerTo: () => ({ outcomeOf: () => REFUSED }),
      portionEvents: 1_000,
      stages: {
        storeRejected: async () => {
          stores += 1
          return stores !== 2
        },
      },
    })
    const message = messageOf(namesOf(6_000))

    const first = await push(message)
    const second = await push(message)

    assert.deepEqual(
      [first.answer, second.answer],
      ['nack dead_letter_unavailable', 'ack dead_lettered'],
    )
    assert.equal(eventTotals.snapshot().dead_lettered, 6_000)
    assert.equal(stores, 8)
  })

  it('asks the transform once for each event of a message of one portion, also for its letters', async () => {
    const asked: number[] = []
    const { push } = createScene(createFakeClock(), {
      answerTo: () => ({ outcomeOf: () => REFUSED }),
      stages: {
        transform: (value, line) => {
          asked.push(line.number)
          return [{ line, child: 0, text: line.text, value }]
        },
      },
    })

    const { answer } = await push(messageOf(['a', 'b']))

    assert.deepEqual([answer, asked], ['ack dead_lettered', [1, 2]])
  })

  it('tells of a transform that makes fewer events when asked again', async () => {
    let calls = 0
    const clock = createFakeClock()
    const { push } = createScene(clock, {
      answerTo: () => ({ outcomeOf: () => REFUSED }),
      portionEvents: 1,
      stages: {
        transform: (value, line) => {
          calls += 1
          const candidate = { line, child: 0, text: line.text, value }
          return calls === 1 ? [candidate, candidate] : [candidate]
        },
      },
    })

    const answer = await push(messageOf(['a', 'b']))

    assert.match(answer.answer, /^Error: .* fewer events/)
  })
})

function createScene(
  clock: FakeClock,
  changes: PathChanges,
): LedgerScene & { readonly path: Path } {
  const path = createPath({ ...PORTIONS, ...changes, clock })
  return {
    ...createLedgerScene(path.settleMessage, { clock, review: path.batcher.review }),
    path,
  }
}

/** A Mixpanel that takes so many events a second, and lets the others wait. */
function quotaOf(eventsPerSecond: number, clock: FakeClock) {
  let usedUntil = 0
  return (names: readonly string[]): FakeAnswer => {
    const now = clock.monotonic()
    usedUntil = Math.max(usedUntil, now) + (names.length / eventsPerSecond) * 1_000
    return { afterMs: usedUntil - now }
  }
}

/** Pushes a message and lets a minute pass: longer than Pub/Sub waits before it pushes again. */
async function delivered(
  push: LedgerScene['push'],
  clock: FakeClock,
  message: Message,
): Promise<Push> {
  const pushed = await push(message)
  await clock.advance(60_000)
  await settlePromises()
  return pushed
}

function namesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `e-${index}`)
}

function messageOf(names: readonly string[]): Message {
  return aMessage({ data: base64(names.map(eventText).join('\n')) })
}

function assertBalance(totals: ReturnType<LedgerScene['eventTotals']['snapshot']>): void {
  const { received, imported, dead_lettered, dropped, returned, pending } = totals
  assert.equal(received, imported + dead_lettered + dropped + returned + pending)
  assert.equal(pending, 0)
}
