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
const THROTTLED = nack('throttled')

describe('a push', () => {
  it('is answered with what its message came to', async () => {
    const { push, begun } = createScene()

    const first = await push()
    const before = first.answer
    await begun[0]?.end(IMPORTED_ALL)

    assert.deepEqual([before, first.answer], ['waits', 'ack imported'])
  })

  it('of a message under way joins the work', async () => {
    const { push, begun, told } = createScene()

    const pushes = [await push(), await push(), await push()]
    await begun[0]?.end(THROTTLED)

    assert.equal(begun.length, 1)
    assert.deepEqual(answersOf(pushes), ['nack throttled', 'nack throttled', 'nack throttled'])
    assert.equal(told.duplicates, 2)
  })

  for (const [what, changes] of [
    ['other data', { data: dataOf('another') }],
    ['another message id', { messageId: '2' }],
    ['another subscription', { subscription: 'projects/p/subscriptions/another' }],
    ['another attribute', { attributes: { a: '1', b: '2', c: '3' } }],
    ['another attribute value', { attributes: { a: '1', b: '3' } }],
    ['attribute names and values that only look alike', { attributes: { a1: '', b2: '' } }],
  ] as const) {
    it(`with ${what} is another message's`, async () => {
      const { push, begun, told } = createScene()

      await push(aMessage({ attributes: { a: '1', b: '2' } }))
      await push(aMessage({ attributes: { a: '1', b: '2' }, ...changes }))

      assert.equal(begun.length, 2)
      assert.equal(told.duplicates, 0)
    })
  }

  it('is of the same message whatever the order of its attributes and its publish time', async () => {
    const { push, begun } = createScene()

    await push(aMessage({ attributes: { a: '1', b: '2' } }))
    await push(aMessage({ attributes: { b: '2', a: '1' }, publishedAt: 1, deliveryAttempt: 2 }))

    assert.equal(begun.length, 1)
  })

  it('is nacked when its time is up, and the work goes on', async () => {
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

  it('leaves its work a second less than itself, to store dead letters', async () => {
    const { push, begun, clock, told } = createScene()
    await push()

    assert.equal(begun[0]?.progress.deliverBy, DELIVER_MS)
    await clock.advance(DELIVER_MS - 1)
    const before = told.reviews
    await clock.advance(1)

    assert.deepEqual([before, told.reviews], [0, 1])
  })

  it('that was answered in time makes nothing else go back', async () => {
    const { push, begun, clock, told } = createScene()
    await push()
    await begun[0]?.end(IMPORTED_ALL)

    await clock.advance(MINUTE_MS)

    assert.equal(told.reviews, 0)
  })

  it('that joins brings new time, and one with less takes none away', async () => {
    const { push, begun, clock } = createScene()
    await push()
    await clock.advance(5_000)

    await push(aMessage(), ANSWER_MS)
    await push(aMessage(), 2_000)

    assert.equal(begun[0]?.progress.deliverBy, 5_000 + DELIVER_MS)
  })

  it('is rejected with all that wait when the work throws, and the next begins anew', async () => {
    const { push, begun, told } = createScene()
    const pushes = [await push(), await push()]

    await begun[0]?.fail(new Error('a bug'))
    pushes.push(await push())
    await begun[1]?.end(IMPORTED_ALL)

    assert.deepEqual(answersOf(pushes), ['Error: a bug', 'Error: a bug', 'ack imported'])
    assert.deepEqual(told.bugs, [])
  })
})

describe('the work that no push waits for', () => {
  it('tells of its bug itself', async () => {
    const { push, begun, clock, told } = createScene()
    await push()
    await clock.advance(ANSWER_MS)

    await begun[0]?.fail(new Error('a bug'))

    assert.deepEqual(told.bugs.map(String), ['Error: a bug'])
  })

  it('acks the next push at once, however long Pub/Sub waits with it', async () => {
    const { push, begun, clock, told } = createScene()
    await push()
    await clock.advance(ANSWER_MS)
    await begun[0]?.end(IMPORTED_ALL)

    await clock.advance(10 * MINUTE_MS)
    const redelivery = await push()

    assert.equal(redelivery.answer, 'ack imported')
    assert.deepEqual([begun.length, told.duplicates], [1, 1])
  })

  it('is forgotten two ack deadlines after Pub/Sub has been told', async () => {
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
  it('is acked again for two ack deadlines, and then is new', async () => {
    const { push, begun, clock, told } = createScene()
    await push()
    await begun[0]?.end(IMPORTED_ALL)

    await clock.advance(2 * ACK_DEADLINE_MS - 1)
    const duplicate = await push()
    await clock.advance(1)
    const afterSeek = await push()

    assert.deepEqual(answersOf([duplicate, afterSeek]), ['ack imported', 'waits'])
    assert.deepEqual([begun.length, told.duplicates], [2, 1])
  })

  it('is done again when it was nacked', async () => {
    const { push, begun } = createScene()
    await push()
    await begun[0]?.end(THROTTLED)

    const again = await push()

    assert.deepEqual([again.answer, begun.length], ['waits', 2])
  })

  it('has what was imported of it imported no more when it was nacked', async () => {
    const { push, begun } = createScene()
    const outcomes = [IMPORTED, retry('throttled'), rejected('refused_by_mixpanel', 'no')]
    await push()
    await begun[0]?.end(THROTTLED, outcomes)
    await push()

    await begun[1]?.end(THROTTLED, outcomes)
    await push()

    for (const { recalled } of begun.slice(1)) assert.deepEqual(recalled, ['imported', 'rejected'])
  })

  it('is remembered so for two hours, and then done whole', async () => {
    const { push, begun, clock } = createScene()
    await push()
    await begun[0]?.end(THROTTLED, [IMPORTED, retry('throttled')])

    await clock.advance(120 * MINUTE_MS - 1)
    await push()
    await begun[1]?.fail(new Error('a bug'))
    await clock.advance(1)
    await push()

    assert.deepEqual(
      begun.slice(1).map(({ recalled }) => recalled),
      [['imported'], []],
    )
  })
})

describe('the event totals', () => {
  it('say of each event of a message where it went', async () => {
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

  it('count on redelivery only what came back with a nack', async () => {
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

  it('have the events returned whose work threw', async () => {
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

    await push(aMessage({ data: '', attributes: { name: 'value', a: 'b' } }))

    const held = budget.held() - PUSH_BYTES
    assert.ok(held > 'namevalueab'.length && held < 400, `${held}`)
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

  it('nacks them though their message is under way, or was acked', async () => {
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

  it('pulls every deadline to its own', async () => {
    const { ledger, push, begun, clock, told } = createScene()
    const first = await push(aMessage({ messageId: '1' }), MINUTE_MS)
    await clock.advance(1_000)
    const second = await push(aMessage({ messageId: '2' }), MINUTE_MS)
    const drain = watch(ledger.drain(clock.monotonic() + 7_000))

    assert.deepEqual(
      begun.map(({ progress }) => progress.deliverBy),
      [7_000, 7_000],
    )
    await clock.advance(6_999)
    assert.deepEqual([first.answer, drain.over, told.reviews], ['waits', false, 3])
    await clock.advance(1)

    assert.deepEqual(answersOf([first, second]), ['nack deadline', 'nack deadline'])
    assert.equal(drain.over, true)
    assert.equal(clock.pending(), 0)
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

  it('leaves nothing pending: events that no push waits for are returned, and counted once', async () => {
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

  it('tells of a bug in work that no push waits for, and counts its events once', async () => {
    const { ledger, push, begun, clock, eventTotals, told } = createScene()
    await push()
    await clock.advance(ANSWER_MS)

    await ledger.drain(clock.monotonic() + 7_000)
    await begun[0]?.fail(new Error('a bug'))

    assert.partialDeepStrictEqual(eventTotals.snapshot(), { received: 3, returned: 3, pending: 0 })
    assert.equal(told.bugs.length, 1)
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

/** One message's work, which ends when the test says so. */
interface FakeProgress {
  readonly progress: MessageProgress
  /** The kinds of the outcomes that earlier deliveries had come to. */
  readonly recalled: readonly string[]
  /** Gives the first event its outcome. */
  arrive(outcome: EventOutcome): void
  end(settlement: Settlement, outcomes?: readonly EventOutcome[]): Promise<void>
  fail(error: Error): Promise<void>
}

/** A ledger whose messages have three events each and come to what the test says. */
function createScene(): LedgerScene & { readonly begun: readonly FakeProgress[] } {
  const begun: FakeProgress[] = []
  return { ...createLedgerScene(settleMessage), begun }

  function settleMessage(progress: MessageProgress): Promise<Settlement> {
    const { promise, resolve, reject } = Promise.withResolvers<Settlement>()
    const pending = progress.begin(aPortion(3))
    const recalled = progress.outcomes
      .distinct()
      .flatMap(({ kind }) => (kind === 'retry' ? [] : kind))
    begun.push({ progress, recalled, arrive, end, fail })
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
