import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MessageProgress } from '../../src/message/message-progress.ts'
import { type EventOutcome, IMPORTED, rejected, retry } from '../../src/model/outcome.ts'
import type { Settlement } from '../../src/model/settlement.ts'
import { nack } from '../../src/settle/settlement-of.ts'
import { aMessage } from '../helpers/builders.ts'
import { settlePromises } from '../helpers/fake-clock.ts'
import {
  ACK_DEADLINE_MS,
  ANSWER_MS,
  answersOf,
  createLedgerScene,
  DELIVER_MS,
  type LedgerScene,
  MINUTE_MS,
  PUSH_BYTES,
} from '../helpers/ledger.ts'
import { aPortion } from '../helpers/outcomes.ts'
import { dataOf } from '../helpers/path.ts'

const IMPORTED_ALL: Settlement = { kind: 'ack', reason: 'imported', status: 204 }
const DEAD_LETTERED: Settlement = { kind: 'ack', reason: 'dead_lettered', status: 204 }
const THROTTLED = nack('throttled')
/** The work for a push that is answered at `ANSWER_MS` ends two ack deadlines later. */
const END_MS = ANSWER_MS + 2 * ACK_DEADLINE_MS

describe('a push', () => {
  it('is answered with the settlement of its message', async () => {
    const { push, begun } = createScene()

    const first = await push()
    const before = first.answer
    await begun[0]?.end(IMPORTED_ALL)

    assert.deepEqual([before, first.answer], ['waits', 'ack imported'])
  })

  it('joins the other pushes of a message under way', async () => {
    const { push, begun, calls } = createScene()

    const pushes = [await push(), await push(), await push()]
    await begun[0]?.end(THROTTLED)

    assert.equal(begun.length, 1)
    assert.deepEqual(answersOf(pushes), ['nack throttled', 'nack throttled', 'nack throttled'])
    assert.equal(calls.duplicates, 2)
  })

  for (const [what, changes] of [
    ['other data', { data: dataOf('another') }],
    ['data in bytes', { data: Buffer.from('another') }],
    ['the text of its data as bytes', { data: Buffer.from(String(aMessage().data)) }],
    ['another message id', { messageId: '2' }],
    ['another subscription', { subscription: 'projects/p/subscriptions/another' }],
    ['another attribute', { attributes: { a: '1', b: '2', c: '3' } }],
    ['another attribute value', { attributes: { a: '1', b: '3' } }],
    ['attribute names and values that only look alike', { attributes: { a1: '', b2: '' } }],
  ] as const) {
    it(`begins another message when it has ${what}`, async () => {
      const { push, begun, calls } = createScene()

      await push(aMessage({ attributes: { a: '1', b: '2' } }))
      await push(aMessage({ attributes: { a: '1', b: '2' }, ...changes }))

      assert.equal(begun.length, 2)
      assert.equal(calls.duplicates, 0)
    })
  }

  it('joins a message whose data is the same bytes, and no other', async () => {
    const { push, begun } = createScene()

    await push(aMessage({ data: Buffer.from('same') }))
    await push(aMessage({ data: Buffer.from('same') }))
    await push(aMessage({ data: Buffer.from('other') }))
    await push(aMessage({ data: Buffer.from('same'), messageId: '2' }))

    assert.equal(begun.length, 3)
  })

  it('joins the same message whatever the order of its attributes and its publish time', async () => {
    const { push, begun } = createScene()

    await push(aMessage({ attributes: { a: '1', b: '2' } }))
    await push(aMessage({ attributes: { b: '2', a: '1' }, publishedAt: 1, deliveryAttempt: 2 }))

    assert.equal(begun.length, 1)
  })

  it('is nacked when its time is up, and the delivery goes on', async () => {
    const { push, begun, clock } = createScene()
    const first = await push()

    await clock.advance(ANSWER_MS - 1)
    const before = first.answer
    await clock.advance(1)
    assert.deepEqual([before, first.answer], ['waits', 'nack deadline'])
    await begun[0]?.end(IMPORTED_ALL)

    assert.equal(first.answer, 'nack deadline')
  })

  it('has a deadline of its own', async () => {
    const { push, clock } = createScene()
    const first = await push()
    await clock.advance(5_000)
    const second = await push()

    await clock.advance(ANSWER_MS - 5_000)
    assert.deepEqual(answersOf([first, second]), ['nack deadline', 'waits'])
    await clock.advance(5_000)

    assert.deepEqual(answersOf([first, second]), ['nack deadline', 'nack deadline'])
  })

  it('is nacked at once when its body took all its time', async () => {
    const { push, clock } = createScene()

    const late = await push(aMessage(), -1)
    await clock.advance(0)

    assert.equal(late.answer, 'nack deadline')
  })

  it('leaves the last second for dead letters: delivery ends before it', async () => {
    const { push, begun, clock, calls } = createScene()
    await push()

    assert.equal(begun[0]?.progress.deliverBy, DELIVER_MS)
    await clock.advance(DELIVER_MS - 1)
    const before = calls.reviews
    await clock.advance(1)

    assert.deepEqual([before, calls.reviews], [0, 1])
  })

  it('asks for no review when it was answered in time', async () => {
    const { push, begun, clock, calls } = createScene()
    await push()
    await begun[0]?.end(IMPORTED_ALL)

    await clock.advance(MINUTE_MS)

    assert.equal(calls.reviews, 0)
  })

  it('gives a message under way its later deadline, and never an earlier one', async () => {
    const { push, begun, clock } = createScene()
    await push()
    await clock.advance(5_000)

    await push(aMessage(), ANSWER_MS)
    await push(aMessage(), 2_000)

    assert.equal(begun[0]?.progress.deliverBy, 5_000 + DELIVER_MS)
  })

  it('is rejected with all that wait when the delivery throws, and the next begins anew', async () => {
    const { push, begun, calls } = createScene()
    const pushes = [await push(), await push()]

    await begun[0]?.fail(new Error('a bug'))
    pushes.push(await push())
    await begun[1]?.end(IMPORTED_ALL)

    assert.deepEqual(answersOf(pushes), ['Error: a bug', 'Error: a bug', 'ack imported'])
    assert.deepEqual(calls.bugs, [])
  })
})

describe('a message under way that no push waits for', () => {
  it('reports a bug by itself', async () => {
    const { push, begun, clock, calls } = createScene()
    await push()
    await clock.advance(ANSWER_MS)

    await begun[0]?.fail(new Error('a bug'))

    assert.deepEqual(calls.bugs.map(String), ['Error: a bug'])
  })

  it('has its next push acked at once, however late that push comes', async () => {
    const { push, begun, clock, calls } = createScene()
    await push()
    await clock.advance(ANSWER_MS)
    await begun[0]?.end(IMPORTED_ALL)

    await clock.advance(10 * MINUTE_MS)
    const redelivery = await push()

    assert.equal(redelivery.answer, 'ack imported')
    assert.deepEqual([begun.length, calls.duplicates], [1, 1])
  })

  it('goes on for two ack deadlines when events of it have left', async () => {
    const { push, begun, clock, calls } = createScene()
    await push()
    begun[0]?.progress.departed()
    await clock.advance(ANSWER_MS)
    const atAnswer = calls.reviews

    await clock.advance(2 * ACK_DEADLINE_MS - 1)
    const before = calls.reviews
    await clock.advance(1)

    assert.equal(begun[0]?.progress.goesOnUntil(), END_MS)
    assert.deepEqual([atAnswer, before, calls.reviews], [2, 2, 3])
  })

  it('has no timer when no event of it has left', async () => {
    const { push, clock, calls } = createScene()
    await push()

    await clock.advance(ANSWER_MS)

    assert.deepEqual([clock.pending(), calls.reviews], [0, 2])
  })

  it('is given up once when its memory is needed', async () => {
    const { ledger, push, begun, clock, calls } = createScene()
    await push()
    begun[0]?.progress.departed()
    await clock.advance(ANSWER_MS)
    const { reviews } = calls

    ledger.makeWay()
    ledger.makeWay()

    assert.equal(begun[0]?.progress.goesOnUntil(), DELIVER_MS)
    assert.equal(begun[0].progress.endBy, ANSWER_MS)
    assert.deepEqual([calls.reviews - reviews, clock.pending()], [1, 0])
  })

  it('is not given up when it is settled already', async () => {
    const { ledger, push, begun, clock, calls } = createScene()
    await push()
    await clock.advance(ANSWER_MS)
    await begun[0]?.end(IMPORTED_ALL)
    const { reviews } = calls

    ledger.makeWay()

    assert.equal(calls.reviews, reviews)
  })

  it('is not given up when another push of it waits', async () => {
    const { ledger, push, begun, clock } = createScene()
    const first = await push()
    begun[0]?.progress.departed()
    await clock.advance(5_000)
    const second = await push()
    await clock.advance(ANSWER_MS - 5_000)

    ledger.makeWay()
    await begun[0]?.end(IMPORTED_ALL)

    assert.deepEqual(answersOf([first, second]), ['nack deadline', 'ack imported'])
    assert.equal(begun[0]?.progress.endBy, END_MS + 5_000)
  })

  it('gets the time of a push that comes later, and is not given up while it waits', async () => {
    const { ledger, push, begun, clock, calls } = createScene()
    await push()
    begun[0]?.progress.departed()
    await clock.advance(ANSWER_MS + 1_000)
    const { reviews } = calls

    await push()
    await push()
    ledger.makeWay()

    const { deliverBy, endBy } = begun[0]?.progress ?? {}
    assert.deepEqual([deliverBy, endBy], [10_000 + DELIVER_MS, 10_000 + END_MS])
    assert.equal(calls.reviews - reviews, 1)
    await clock.advance(DELIVER_MS - 1)
    assert.equal(calls.reviews - reviews, 1)
  })

  it('sets no alarm for its end while a push waits again', async () => {
    const { push, begun, clock, calls } = createScene()
    await push()
    begun[0]?.progress.departed()
    await clock.advance(ANSWER_MS + 1_000)
    await push(aMessage(), MINUTE_MS)
    const { reviews } = calls

    await clock.advance(END_MS)

    assert.equal(calls.reviews, reviews)
  })

  it('is forgotten two ack deadlines after a push got its ack', async () => {
    const { push, begun, clock } = createScene()
    await push()
    await clock.advance(ANSWER_MS)
    await begun[0]?.end(IMPORTED_ALL)
    await push()

    await clock.advance(2 * ACK_DEADLINE_MS)
    await push()

    assert.equal(begun.length, 2)
  })
})

describe('a settled message', () => {
  it('is delivered anew when it was imported, which changes nothing', async () => {
    const { push, begun, calls } = createScene()
    await push()
    await begun[0]?.end(IMPORTED_ALL)

    const again = await push()

    assert.deepEqual([again.answer, begun.length, calls.duplicates], ['waits', 2, 0])
  })

  it('is acked again for two ack deadlines when it has letters, and then delivered anew', async () => {
    const { push, begun, clock, calls } = createScene()
    await push()
    await begun[0]?.end(DEAD_LETTERED)

    await clock.advance(2 * ACK_DEADLINE_MS - 1)
    const duplicate = await push()
    await clock.advance(1)
    const afterSeek = await push()

    assert.deepEqual(answersOf([duplicate, afterSeek]), ['ack dead_lettered', 'waits'])
    assert.deepEqual([begun.length, calls.duplicates], [2, 1])
  })

  it('is delivered again when it was nacked', async () => {
    const { push, begun } = createScene()
    await push()
    await begun[0]?.end(THROTTLED)

    const again = await push()

    assert.deepEqual([again.answer, begun.length], ['waits', 2])
  })

  it('keeps its imported and its rejected events when it was nacked', async () => {
    const { push, begun } = createScene()
    const outcomes = [IMPORTED, retry('throttled'), rejected('refused_by_mixpanel', 'no')]
    await push()
    await begun[0]?.end(THROTTLED, outcomes)
    await push()

    await begun[1]?.end(THROTTLED, outcomes)
    await push()

    for (const { earlier } of begun.slice(1)) assert.deepEqual(earlier, ['imported', 'rejected'])
  })

  it('keeps them when the work begins again at once, for a push that joined later', async () => {
    const { push, begun, clock } = createScene()
    const first = await push()
    await clock.advance(5_000)
    const second = await push()

    await begun[0]?.end(nack('deadline'), [IMPORTED])
    await begun[1]?.end(IMPORTED_ALL, [IMPORTED, IMPORTED, IMPORTED])

    assert.deepEqual(begun[1]?.earlier, ['imported'])
    assert.deepEqual(answersOf([first, second]), ['ack imported', 'ack imported'])
  })

  it('keeps them when another subscription delivers the same message id', async () => {
    const { push, begun } = createScene()
    const ofOther = aMessage({ subscription: 'projects/p/subscriptions/other' })
    for (const message of [aMessage(), ofOther]) {
      await push(message)
      await begun.at(-1)?.end(THROTTLED, [IMPORTED])
    }

    for (const message of [aMessage(), ofOther]) await push(message)

    assert.deepEqual(
      begun.slice(2).map(({ earlier }) => earlier),
      [['imported'], ['imported']],
    )
  })

  it('keeps them for two hours, and is then delivered as a whole', async () => {
    const { push, begun, clock } = createScene()
    await push()
    await begun[0]?.end(THROTTLED, [IMPORTED, retry('throttled')])

    await clock.advance(120 * MINUTE_MS - 1)
    await push()
    await begun[1]?.fail(new Error('a bug'))
    await clock.advance(1)
    await push()

    assert.deepEqual(
      begun.slice(1).map(({ earlier }) => earlier),
      [['imported'], []],
    )
  })
})

describe('the event totals', () => {
  it('count each event of a message by its outcome', async () => {
    const { push, begun, eventTotals } = createScene()
    const refused = rejected('refused_by_mixpanel', 'no')
    await push()
    const pending = eventTotals.snapshot()

    await begun[0]?.end({ kind: 'ack', reason: 'dead_lettered', status: 204 }, [
      IMPORTED,
      { kind: 'dropped', rule: 'transform' },
      refused,
    ])

    const none = { imported: 0, dead_lettered: 0, dropped: 0, returned: 0 }
    assert.deepEqual(pending, { ...none, received: 3, pending: 3 })
    assert.deepEqual(eventTotals.snapshot(), {
      received: 3,
      imported: 1,
      dead_lettered: 1,
      dropped: 1,
      returned: 0,
      pending: 0,
    })
  })

  it('count on redelivery only the events that came back with a nack', async () => {
    const { push, begun, eventTotals } = createScene()
    await push()
    await begun[0]?.end(THROTTLED, [IMPORTED, retry('throttled'), retry('deadline')])
    await push()

    await begun[1]?.end(IMPORTED_ALL, [IMPORTED, IMPORTED, IMPORTED])

    assert.deepEqual(eventTotals.byReason(), [
      { destination: 'imported', reason: '', count: 3 },
      { destination: 'returned', reason: 'throttled', count: 2 },
    ])
    assert.deepEqual([eventTotals.snapshot().received, eventTotals.snapshot().pending], [5, 0])
  })

  it('count the events as returned when the delivery throws', async () => {
    const { push, begun, eventTotals } = createScene()
    await push()

    await begun[0]?.fail(new Error('a bug'))

    assert.deepEqual(eventTotals.byReason(), [
      { destination: 'returned', reason: 'deadline', count: 3 },
    ])
    assert.equal(eventTotals.snapshot().pending, 0)
  })
})

describe('the size of the ledger', () => {
  it('counts a message once, and each of its pushes that waits', async () => {
    const { push, budget, clock } = createScene()
    const { data } = aMessage()

    for (const _ of [1, 2, 3]) await push()
    assert.equal(budget.held(), data.length + 3 * PUSH_BYTES)
    await clock.advance(ANSWER_MS)

    assert.equal(budget.held(), data.length)
  })

  it('counts the names and values of the attributes of a message', async () => {
    const { push, budget } = createScene()

    const [name, value] = ['n'.repeat(1_000), 'v'.repeat(2_000)]

    await push(aMessage({ data: '', attributes: { [name]: value, a: 'b' } }))

    const held = budget.held() - PUSH_BYTES
    assert.ok(held > 3_000 && held < 3_400, `${held}`)
  })

  it('counts the data of the messages under way, and gives it back however they end', async () => {
    const { push, begun, budget } = createScene()
    const { data } = aMessage()
    for (const messageId of ['1', '2', '3', '4']) await push(aMessage({ messageId }))
    const each = PUSH_BYTES + data.length

    assert.equal(budget.held(), 4 * each)
    await begun[0]?.end(IMPORTED_ALL)
    await begun[1]?.end(THROTTLED)
    assert.equal(budget.held(), 2 * each)
    await begun[2]?.end(nack('deadline'), [retry('deadline')])
    await begun[3]?.fail(new Error('a bug'))

    assert.equal(budget.held(), each)
    await begun[4]?.end(IMPORTED_ALL)
    assert.equal(budget.held(), 0)
  })

  it('leaves no timer once nothing is under way', async () => {
    const { push, begun, clock } = createScene()
    for (const messageId of ['1', '2', '3', '4']) await push(aMessage({ messageId }))
    await push(aMessage({ messageId: '1' }))

    await begun[0]?.end(IMPORTED_ALL)
    await begun[1]?.fail(new Error('a bug'))
    await clock.advance(DELIVER_MS)
    await begun[2]?.end(THROTTLED)
    assert.equal(clock.pending(), 1)
    await clock.advance(ANSWER_MS - DELIVER_MS)

    assert.equal(clock.pending(), 0)
  })
})

describe('draining', () => {
  it('nacks the pushes that come', async () => {
    const { ledger, push, begun } = createScene()
    await ledger.drain(7_000)

    const late = await push()

    assert.deepEqual([late.answer, begun.length], ['nack draining', 0])
  })

  it('nacks them even when their message is under way, or was acked', async () => {
    const { ledger, push, begun, clock } = createScene()
    await push(aMessage({ messageId: '1' }))
    await begun[0]?.end(IMPORTED_ALL)
    await push(aMessage({ messageId: '2' }))
    void ledger.drain(clock.monotonic() + 7_000)

    const late = [
      await push(aMessage({ messageId: '1' })),
      await push(aMessage({ messageId: '2' })),
    ]

    assert.deepEqual(answersOf(late), ['nack draining', 'nack draining'])
  })

  it('is over when no push waits any more', async () => {
    const { ledger, push, begun } = createScene()
    await push(aMessage({ messageId: '1' }))
    await push(aMessage({ messageId: '2' }))
    const drain = watch(ledger.drain(7_000))

    await begun[0]?.end(IMPORTED_ALL)
    assert.equal(drain.over, false)
    await begun[1]?.fail(new Error('a bug'))

    assert.equal(drain.over, true)
  })

  it('moves every deadline to its own', async () => {
    const { ledger, push, begun, clock, calls } = createScene()
    const first = await push(aMessage({ messageId: '1' }), MINUTE_MS)
    await clock.advance(1_000)
    const second = await push(aMessage({ messageId: '2' }), MINUTE_MS)
    const drain = watch(ledger.drain(clock.monotonic() + 7_000))

    assert.deepEqual(
      begun.map(({ progress }) => progress.deliverBy),
      [7_000, 7_000],
    )
    await clock.advance(6_999)
    assert.deepEqual([first.answer, drain.over, calls.reviews], ['waits', false, 3])
    await clock.advance(1)

    assert.deepEqual(answersOf([first, second]), ['nack deadline', 'nack deadline'])
    assert.equal(drain.over, true)
    assert.equal(clock.pending(), 0)
  })

  it('ends work that no push waits for at once, and other work with the drain', async () => {
    const { ledger, push, begun, clock } = createScene()
    await push(aMessage({ messageId: '1' }))
    await clock.advance(ANSWER_MS)
    await push(aMessage({ messageId: '2' }))
    for (const { progress } of begun) progress.departed()

    void ledger.drain(clock.monotonic() + 7_000)

    assert.deepEqual(
      begun.map(({ progress }) => progress.endBy),
      [ANSWER_MS, ANSWER_MS + 7_000],
    )
    assert.equal(begun[1]?.progress.goesOnUntil(), ANSWER_MS + 6_000)
  })

  it('gives no push more time when it is asked for again', async () => {
    const { ledger, push, clock } = createScene()
    const first = await push(aMessage(), MINUTE_MS)
    const drains = [watch(ledger.drain(7_000))]
    await clock.advance(2_000)

    drains.push(watch(ledger.drain(9_000)))
    await clock.advance(4_999)
    assert.equal(first.answer, 'waits')
    await clock.advance(1)

    assert.equal(first.answer, 'nack deadline')
    assert.deepEqual(
      drains.map(({ over }) => over),
      [true, true],
    )
  })

  it('returns the events that no push waits for, and counts them once', async () => {
    const { ledger, push, begun, clock, eventTotals, budget } = createScene()
    await push()
    begun[0]?.arrive(IMPORTED)
    await clock.advance(ANSWER_MS)

    await ledger.drain(clock.monotonic() + 7_000)
    const drained = eventTotals.snapshot()
    await begun[0]?.end(IMPORTED_ALL, [IMPORTED, IMPORTED, IMPORTED])

    assert.partialDeepStrictEqual(drained, { received: 3, imported: 1, returned: 2, pending: 0 })
    assert.deepEqual(eventTotals.snapshot(), drained)
    assert.equal(budget.held(), 0)
  })

  it('reports a bug in a message that no push waits for, and counts its events once', async () => {
    const { ledger, push, begun, clock, eventTotals, calls } = createScene()
    await push()
    await clock.advance(ANSWER_MS)

    await ledger.drain(clock.monotonic() + 7_000)
    await begun[0]?.fail(new Error('a bug'))

    assert.partialDeepStrictEqual(eventTotals.snapshot(), { received: 3, returned: 3, pending: 0 })
    assert.equal(calls.bugs.length, 1)
  })

  it('gives no push more time than it had', async () => {
    const { ledger, push, begun, clock } = createScene()
    const first = await push(aMessage(), 3_000)
    void ledger.drain(7_000)

    await clock.advance(3_000)

    assert.equal(first.answer, 'nack deadline')
    assert.equal(begun[0]?.progress.deliverBy, 2_000)
  })
})

/** The delivery of one message. It ends when the test ends it. */
interface FakeDelivery {
  readonly progress: MessageProgress
  /** The kinds of the outcomes that earlier deliveries brought. */
  readonly earlier: readonly string[]
  /** Gives the first event its outcome. */
  arrive(outcome: EventOutcome): void
  end(settlement: Settlement, outcomes?: readonly EventOutcome[]): Promise<void>
  fail(error: Error): Promise<void>
}

/** Makes a ledger of messages with three events each. The test ends their deliveries. */
function createScene(): LedgerScene & { readonly begun: readonly FakeDelivery[] } {
  const begun: FakeDelivery[] = []
  return { ...createLedgerScene(settleMessage), begun }

  function settleMessage(progress: MessageProgress): Promise<Settlement> {
    const { promise, resolve, reject } = Promise.withResolvers<Settlement>()
    const pending = progress.begin(aPortion(3))
    const earlier = progress.outcomes
      .distinct()
      .flatMap(({ kind }) => (kind === 'retry' ? [] : kind))
    begun.push({ progress, earlier, arrive, end, fail })
    return promise

    function arrive(outcome: EventOutcome): void {
      for (const event of pending.slice(0, 1)) progress.report(event, outcome)
    }

    async function end(
      settlement: Settlement,
      outcomes: readonly EventOutcome[] = [],
    ): Promise<void> {
      for (const event of pending) {
        progress.report(event, outcomes[event.place] ?? retry('throttled'))
      }
      resolve(settlement)
      await settlePromises()
    }

    async function fail(error: Error): Promise<void> {
      reject(error)
      await settlePromises()
    }
  }
}

function watch(promise: Promise<void>): { readonly over: boolean } {
  const end = { over: false }
  void promise.then(() => {
    end.over = true
  })
  return end
}
