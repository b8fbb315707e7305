import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Message } from '../../src/model/message.ts'
import { IMPORTED, rejected, retry } from '../../src/model/outcome.ts'
import { aMessage } from '../helpers/builders.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { ANSWER_MS, createLedgerScene, type LedgerScene, MINUTE_MS } from '../helpers/ledger.ts'
import { createPath, dataOf, type Path, type PathChanges, tallyAsLarge } from '../helpers/path.ts'

const REFUSED = rejected('refused_by_mixpanel', 'no')
/** The push is answered after nine seconds, and its work ends two ack deadlines later. */
const END_MS = 29_000

/** Twenty events, two in a batch that takes three seconds, one batch at a time: thirty seconds. */
const SLOW = { maxEvents: 2, maxConcurrency: 1 } as const
const NAMES = Array.from({ length: 20 }, (_, index) => `e-${index}`)
const LARGE = aMessage({ data: dataOf(...NAMES) })

describe('work on a message whose last push was answered', () => {
  it('goes on for two ack deadlines, and its outcomes are remembered', async () => {
    const { push, path, clock } = createScene()
    await push(LARGE)
    await clock.advance(END_MS - 1)
    assert.equal(path.sent.length, 20)
    await clock.advance(MINUTE_MS)

    const again = await push(LARGE)

    assert.equal(again.answer, 'ack imported')
    assert.deepEqual(path.sent, NAMES)
  })

  it('sends nothing more after two ack deadlines', async () => {
    const { push, path, clock, eventTotals } = createScene({ answerTo: () => ({ afterMs: 4_000 }) })
    await push(LARGE)

    await clock.advance(END_MS + MINUTE_MS)

    assert.equal(path.sent.length, 16)
    assert.equal(eventTotals.snapshot().imported, 16)
    assert.equal(eventTotals.snapshot().pending, 0)
  })

  it('keeps its events pending until it ends', async () => {
    const { push, clock, eventTotals } = createScene()
    await push(LARGE)

    await clock.advance(ANSWER_MS + 5_000)
    const meanwhile = eventTotals.snapshot()
    await clock.advance(MINUTE_MS)

    assert.deepEqual([meanwhile.received, meanwhile.pending], [20, 20])
    assert.deepEqual([eventTotals.snapshot().imported, eventTotals.snapshot().pending], [20, 0])
  })

  it('does not begin when none of its events has left by then', async () => {
    const { push, path, clock } = createScene({ answerTo: () => ({ afterMs: 20_000 }) })
    await push(aMessage({ messageId: 'first' }))

    const second = await push(LARGE)
    await clock.advance(ANSWER_MS - 1_000)

    assert.equal(second.answer, 'nack deadline')
    await clock.advance(MINUTE_MS)
    assert.equal(path.sent.length, 1)
  })

  it('ends with the first event that is to be sent again', async () => {
    const { push, path, clock, eventTotals } = createScene({
      answerTo: ([name]) => ({
        afterMs: 3_000,
        outcomeOf: () => (name === 'e-6' ? retry('mixpanel_unavailable') : IMPORTED),
      }),
    })
    await push(LARGE)

    await clock.advance(MINUTE_MS)

    // The batch with the event, and the one that left before the answer to it.
    assert.deepEqual(path.sent, NAMES.slice(0, 8))
    assert.equal(eventTotals.snapshot().returned, 14)
  })

  it('does not begin when an event is to be sent again already', async () => {
    const { push, path, clock } = createScene({
      answerTo: ([name]) => ({
        afterMs: 3_000,
        outcomeOf: () => (name === 'e-0' ? retry('mixpanel_unavailable') : IMPORTED),
      }),
    })
    await push(LARGE)

    await clock.advance(MINUTE_MS)

    assert.deepEqual(path.sent, NAMES.slice(0, 6))
  })

  it('goes on while answers import some of their events, and refuse others', async () => {
    const { push, path, clock, answers } = createScene({
      answerTo: () => ({
        afterMs: 2_500,
        outcomeOf: (name) => (Number(name.slice(2)) % 2 === 0 ? REFUSED : IMPORTED),
      }),
    })
    await push(LARGE)
    await clock.advance(MINUTE_MS)

    assert.equal(path.sent.length, 20)
    assert.equal(path.stored.length, 10)
    assert.equal(await answers(LARGE), 'ack dead_lettered')
  })

  it('ends when answers import nothing', async () => {
    const { push, path, clock } = createScene({
      answerTo: () => ({
        afterMs: 3_000,
        outcomeOf: (name) => (Number(name.slice(2)) >= 6 ? REFUSED : IMPORTED),
      }),
    })
    await push(LARGE)

    await clock.advance(MINUTE_MS)

    assert.ok(path.sent.length <= 12, `${path.sent.length}`)
    assert.equal(path.stored.length, 0)
  })

  it('is given up when its memory is needed, and sends only the rest later', async () => {
    const { ledger, push, path, clock, budget } = createScene()
    await push(LARGE)
    await clock.advance(ANSWER_MS)
    ledger.makeWay()

    await clock.advance(3_000)
    assert.deepEqual([path.sent.length, budget.held()], [8, 0])
    await push(LARGE)
    await clock.advance(MINUTE_MS)

    assert.deepEqual(path.sent, NAMES)
  })

  it('is not given up while a push waits for it', async () => {
    const { ledger, push, path, clock } = createScene()
    await push(LARGE)
    await clock.advance(ANSWER_MS - 1)
    ledger.makeWay()

    await clock.advance(MINUTE_MS)

    assert.deepEqual(path.sent, NAMES)
  })

  it('is waited for again when its message is pushed again', async () => {
    const { ledger, push, path, clock } = createScene()
    await push(LARGE)
    await clock.advance(15_000)

    const second = await push(LARGE)
    ledger.makeWay()
    await clock.advance(ANSWER_MS)
    assert.equal(second.answer, 'nack deadline')
    await clock.advance(MINUTE_MS)

    assert.deepEqual(path.sent, NAMES)
    assert.equal((await push(LARGE)).answer, 'ack imported')
  })

  it('ends with a drain', async () => {
    const { ledger, push, path, clock } = createScene()
    await push(LARGE)
    await clock.advance(ANSWER_MS)
    const sent = path.sent.length

    await ledger.drain(clock.monotonic() + 7_000)
    await clock.advance(MINUTE_MS)

    assert.equal(path.sent.length, sent)
  })

  it('does not begin after a drain has begun', async () => {
    const { ledger, push, path, clock } = createScene()
    const only = await push(LARGE)
    void ledger.drain(clock.monotonic() + 7_000)

    await clock.advance(MINUTE_MS)

    assert.equal(only.answer, 'nack deadline')
    assert.deepEqual(path.sent, NAMES.slice(0, 6))
  })

  it('stores its letters until it ends, and returns the events of the others', async () => {
    let stores = 0
    const clock = createFakeClock()
    const { push, eventTotals } = createScene({
      clock,
      portionEvents: 1,
      answerTo: () => ({ outcomeOf: () => REFUSED }),
      stages: {
        tallyLetters: tallyAsLarge,
        storeRejected: async () => {
          stores += 1
          await new Promise<void>((resolve) => clock.after(2_000, resolve))
          return true
        },
      },
    })
    const first = await push(LARGE)
    await clock.advance(2 * MINUTE_MS)

    assert.equal(first.answer, 'nack deadline')
    assert.equal(stores, 15)
    assert.equal(eventTotals.snapshot().returned, 20)
  })

  it('stores no more letters when it is given up', async () => {
    let stores = 0
    const clock = createFakeClock()
    const { ledger, push } = createScene({
      clock,
      portionEvents: 1,
      answerTo: () => ({ outcomeOf: () => REFUSED }),
      stages: {
        tallyLetters: tallyAsLarge,
        storeRejected: async () => {
          stores += 1
          await new Promise<void>((resolve) => clock.after(2_000, resolve))
          return true
        },
      },
    })
    await push(LARGE)
    await clock.advance(ANSWER_MS)
    ledger.makeWay()

    await clock.advance(MINUTE_MS)

    assert.equal(stores, 5)
  })
})

describe('a push while other work goes on that no push waits for', () => {
  it('has its events sent first', async () => {
    const { push, path, clock } = createScene()
    await push(LARGE)
    await clock.advance(ANSWER_MS + 100)

    const small = await push(aMessage({ messageId: 'small', data: dataOf('small') }))
    await clock.advance(6_000)

    assert.equal(small.answer, 'ack imported')
    assert.equal(path.sent.indexOf('small'), 8)
  })

  it('does not end it', async () => {
    const { push, clock, eventTotals, path } = createScene()
    await push(LARGE)
    await clock.advance(ANSWER_MS + 100)

    await push(aMessage({ messageId: 'small', data: dataOf('small') }))
    await clock.advance(MINUTE_MS)

    // Ten batches in 29 seconds, one of them for the small message.
    assert.equal(path.sent.length, 19)
    assert.deepEqual([eventTotals.snapshot().imported, eventTotals.snapshot().pending], [19, 0])
  })
})

type Scene = LedgerScene & {
  readonly path: Path
  /** Pushes a message. Resolves with its answer, or `waits`. */
  answers(message: Message): Promise<string>
}

function createScene(changes: PathChanges = {}): Scene {
  const clock = changes.clock ?? createFakeClock()
  const path = createPath({
    ...SLOW,
    answerTo: () => ({ afterMs: 2_900 }),
    ...changes,
    clock,
  })
  const scene = createLedgerScene(path.settleMessage, { clock, review: path.batcher.review })
  const answers = async (message: Message) => (await scene.push(message)).answer
  return { ...scene, path, answers }
}
