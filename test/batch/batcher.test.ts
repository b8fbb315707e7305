import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBatcher } from '../../src/batch/batcher.ts'
import { createLinger } from '../../src/batch/linger.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { IMPORTED } from '../../src/model/outcome.ts'
import type { OutcomeSink, PendingEvent } from '../../src/model/pending-event.ts'
import { aPendingEvent, aPreparedEvent, aSink } from '../helpers/builders.ts'
import { createFakeClock, settlePromises } from '../helpers/fake-clock.ts'

const OPTIONS = { maxEvents: 3, maxBytes: 1_000, lingerMs: 10, maxConcurrency: 2 }

/** A batcher whose deliveries end when the test ends them. */
function aBatcher(
  options: Partial<typeof OPTIONS> = {},
  clock: Clock = createFakeClock(),
  linger = createLinger(options.lingerMs ?? OPTIONS.lingerMs),
) {
  const wanted = { slots: 0 }
  const deliveries: { batch: readonly PendingEvent[]; end: PromiseWithResolvers<void> }[] = []
  const batcher = createBatcher(
    { ...OPTIONS, ...options },
    {
      clock,
      linger,
      lateReason: () => 'misconfigured',
      slotWanted: () => {
        wanted.slots += 1
      },
      deliverBatch(batch) {
        const end = Promise.withResolvers<void>()
        deliveries.push({ batch, end })
        return end.promise
      },
    },
  )
  return {
    ...batcher,
    wanted,
    /** The batches so far, as the names in them. */
    sent: () => deliveries.map(({ batch }) => batch.map(({ prepared }) => prepared.text).join('')),
    /** Ends a delivery that has reported no outcome. */
    async end(index: number): Promise<void> {
      deliveries[index]?.end.resolve()
      await settlePromises()
    },
    async answer(index: number): Promise<void> {
      const delivery = deliveries[index]
      for (const event of delivery?.batch ?? []) event.sink.report(event, IMPORTED)
      delivery?.end.resolve()
      await settlePromises()
    },
    async fail(index: number, error: Error): Promise<void> {
      deliveries[index]?.end.reject(error)
      await settlePromises()
    },
  }
}

/** Makes events of one message, one for each letter; those in upper case carry an identity verb. */
function pendingNamed(names: string, sink: OutcomeSink = aSink()): PendingEvent[] {
  return [...names].map((text) =>
    aPendingEvent(sink, aPreparedEvent({ text, identityVerb: text !== text.toLowerCase() })),
  )
}

describe('createBatcher', () => {
  it('sends an event at once when no batch has left within the linger', async () => {
    const clock = createFakeClock()
    const { add, sent } = aBatcher({}, clock)

    add(pendingNamed('ab'))
    assert.deepEqual(sent(), ['ab'])

    await clock.advance(10)
    add(pendingNamed('c'))
    assert.deepEqual(sent(), ['ab', 'c'])
  })

  it('tells the message of a lone event that it has left', () => {
    const sink = aSink()
    const { add, sent } = aBatcher()

    add(pendingNamed('a', sink))

    assert.deepEqual([sent(), sink.departures], [['a'], 1])
  })

  it('sends a lone event after one that waits, although the timer of that one is late', () => {
    let now = 0
    const { add, sent, review } = aBatcher({}, { ...createFakeClock(), monotonic: () => now })
    add(pendingNamed('a'))
    add(pendingNamed('b'))
    now = 11

    add(pendingNamed('c'))
    review()

    assert.deepEqual(sent(), ['a', 'bc'])
  })

  it('sends the next batch one linger after the last, with all that came meanwhile', async () => {
    const clock = createFakeClock()
    const { add, sent } = aBatcher({}, clock)
    add(pendingNamed('a'))
    add(pendingNamed('b'))
    await clock.advance(9)
    add(pendingNamed('c'))
    assert.deepEqual(sent(), ['a'])

    await clock.advance(1)

    assert.deepEqual(sent(), ['a', 'bc'])
  })

  it('counts the linger from the last batch, not from the moment an event came', async () => {
    const clock = createFakeClock()
    const { add, sent } = aBatcher({}, clock)
    add(pendingNamed('a'))
    await clock.advance(7)
    add(pendingNamed('b'))

    await clock.advance(3)

    assert.deepEqual(sent(), ['a', 'b'])
  })

  it('keeps the linger although Mixpanel has answered', async () => {
    const clock = createFakeClock()
    const { add, sent, answer } = aBatcher({}, clock)
    add(pendingNamed('a'))
    await answer(0)

    add(pendingNamed('b'))
    await clock.advance(9)
    assert.deepEqual(sent(), ['a'])

    await clock.advance(1)
    assert.deepEqual(sent(), ['a', 'b'])
  })

  it('sends each kind of event in its own time, whichever came first', async () => {
    const clock = createFakeClock()
    const { add, sent } = aBatcher({ maxConcurrency: 9 }, clock)
    add(pendingNamed('A'))
    await clock.advance(4)
    add(pendingNamed('b'))
    add(pendingNamed('c'))
    add(pendingNamed('D'))

    await clock.advance(6)
    assert.deepEqual(sent(), ['A', 'b', 'D'])

    await clock.advance(4)
    assert.deepEqual(sent(), ['A', 'b', 'D', 'c'])
  })

  it('gathers more events in a longer linger when they come faster', async () => {
    const clock = createFakeClock()
    const linger = createLinger('adaptive')
    const { add, sent } = aBatcher({ maxEvents: 1_000, maxConcurrency: 999 }, clock, linger)

    for (let ms = 0; ms < 4_000; ms += 1) {
      add(pendingNamed('a'))
      await clock.advance(1)
    }

    assert.deepEqual(sent().slice(0, 2), ['a', 'a'.repeat(9)])
    const gathered = sent().at(-1)?.length ?? 0
    assert.ok(gathered > 60 && gathered < 70, `${gathered} events`)
  })

  it('sends a full batch without waiting', () => {
    const { add, sent } = aBatcher()
    add(pendingNamed('a'))

    add(pendingNamed('bc'))
    add(pendingNamed('d'))

    assert.deepEqual(sent(), ['a', 'bcd'])
  })

  it('sends a batch that is full by bytes without waiting', () => {
    const { add, sent } = aBatcher({ maxBytes: '[b,c]'.length })
    add(pendingNamed('a'))

    add(pendingNamed('b'))
    add(pendingNamed('c'))

    assert.deepEqual(sent(), ['a', 'bc'])
  })

  it('lets batches grow while all slots are taken', async () => {
    const clock = createFakeClock()
    const { add, sent, answer } = aBatcher({ maxEvents: 10, maxConcurrency: 1 }, clock)
    add(pendingNamed('a'))
    add(pendingNamed('b'))
    await clock.advance(1_000)
    add(pendingNamed('cd'))
    assert.deepEqual(sent(), ['a'])

    await answer(0)

    assert.deepEqual(sent(), ['a', 'bcd'])
  })

  it('lets an event linger no longer than others that came while no slot was free', async () => {
    const clock = createFakeClock()
    const { add, sent, answer } = aBatcher({}, clock)
    add(pendingNamed('abc'))
    add(pendingNamed('def'))
    add(pendingNamed('g'))
    await clock.advance(6)
    await answer(0)
    assert.deepEqual(sent(), ['abc', 'def'])

    await clock.advance(4)

    assert.deepEqual(sent(), ['abc', 'def', 'g'])
  })

  it('sends a message of more events than a batch holds in several', async () => {
    const clock = createFakeClock()
    const sink = aSink()
    const { add, sent, answer } = aBatcher({ maxConcurrency: 5 }, clock)

    add(pendingNamed('abcdefgh', sink))
    await clock.advance(10)
    for (const index of [2, 0, 1]) await answer(index)

    assert.deepEqual(sent(), ['abc', 'def', 'gh'])
    assert.equal(sink.arrivals.length, 8)
  })

  it('sends identity verbs apart from other events', async () => {
    const clock = createFakeClock()
    const { add, sent } = aBatcher({ maxConcurrency: 4 }, clock)
    add(pendingNamed('x'))

    add(pendingNamed('aBc'))
    add(pendingNamed('D'))
    await clock.advance(10)

    assert.deepEqual(sent(), ['x', 'B', 'ac', 'D'])
  })

  it('sends the older events first, whether they carry identity verbs or not', async () => {
    const clock = createFakeClock()
    const { add, sent, answer } = aBatcher({ maxConcurrency: 1 }, clock)
    add(pendingNamed('abc'))
    add(pendingNamed('D'))
    await clock.advance(100)
    add(pendingNamed('efg'))

    await answer(0)
    await answer(1)

    assert.deepEqual(sent(), ['abc', 'D', 'efg'])
  })

  it('gives back an event whose time is up instead of sending it', async () => {
    const clock = createFakeClock()
    const late = aSink(50)
    const { add, sent, answer } = aBatcher({ maxConcurrency: 1 }, clock)
    add(pendingNamed('a'))
    add(pendingNamed('b', late))
    await clock.advance(50)

    await answer(0)

    assert.deepEqual(sent(), ['a'])
    assert.deepEqual(
      late.arrivals.map(({ outcome }) => outcome),
      [{ kind: 'retry', reason: 'misconfigured' }],
    )
  })

  it('gives back the late events of both lanes on review', async () => {
    const clock = createFakeClock()
    const late = aSink(50)
    const { add, review, sent, answer } = aBatcher({ maxConcurrency: 1 }, clock)
    add(pendingNamed('a'))
    add(pendingNamed('bC', late))
    add(pendingNamed('d'))
    await clock.advance(50)

    review()

    assert.equal(late.arrivals.length, 2)
    await answer(0)
    assert.deepEqual(sent(), ['a', 'd'])
  })

  it('sends the next batch in time although its first events went back', async () => {
    const clock = createFakeClock()
    const { add, review, sent } = aBatcher({}, clock)
    add(pendingNamed('a'))
    add(pendingNamed('b', aSink(5)))
    await clock.advance(5)
    review()
    add(pendingNamed('c'))

    await clock.advance(4)
    assert.deepEqual(sent(), ['a'])

    await clock.advance(1)
    assert.deepEqual(sent(), ['a', 'c'])
  })

  it('sends the events of the other lane when all events of one have waited too long', async () => {
    const clock = createFakeClock()
    const { add, sent, answer } = aBatcher({ maxConcurrency: 1, lingerMs: 0 }, clock)
    add(pendingNamed('a'))
    add(pendingNamed('B', aSink(5)))
    await clock.advance(1)
    add(pendingNamed('c', aSink(5, 1_000)))
    await clock.advance(4)

    await answer(0)

    assert.deepEqual(sent(), ['a', 'c'])
  })

  it('keeps the whole linger, and no longer, when its timer fires too early', async () => {
    const clock = createFakeClock()
    const hasty = { ...clock, after: (ms: number, task: () => void) => clock.after(ms * 0.9, task) }
    const { add, sent } = aBatcher({}, hasty)
    add(pendingNamed('a'))
    add(pendingNamed('b'))

    await clock.advance(9.99)
    assert.deepEqual(sent(), ['a'])

    await clock.advance(0.01)
    assert.deepEqual(sent(), ['a', 'b'])
  })

  it('lets no event linger once it drains, and still keeps to its slots', async () => {
    const { add, drain, sent, answer } = aBatcher()
    add(pendingNamed('a'))
    add(pendingNamed('b'))

    drain()
    add(pendingNamed('c'))
    assert.deepEqual(sent(), ['a', 'b'])

    await answer(0)
    assert.deepEqual(sent(), ['a', 'b', 'c'])
  })

  it('reports a delivery that threw to the sink of each of its messages once, and goes on', async () => {
    const [one, other, later] = [aSink(), aSink(), aSink()]
    const { add, sent, fail, answer } = aBatcher({ maxConcurrency: 1, lingerMs: 0 })
    add(pendingNamed('a'))
    add(pendingNamed('bc', one))
    add(pendingNamed('d', other))
    add(pendingNamed('e', later))
    await answer(0)

    const error = new Error('a bug')
    await fail(1, error)

    assert.deepEqual([one.failures, other.failures, later.failures], [[error], [error], []])
    assert.deepEqual(sent(), ['a', 'bcd', 'e'])
  })

  it('sends unattended events only while no others wait', async () => {
    const { add, sent, answer } = aBatcher({ maxConcurrency: 1, lingerMs: 0 })
    add(pendingNamed('a'))
    add(pendingNamed('bcde', aSink(0, 1_000)))
    add(pendingNamed('f'))

    await answer(0)
    await answer(1)
    await answer(2)

    assert.deepEqual(sent(), ['a', 'f', 'bcd', 'e'])
  })

  it('gives unattended events a quarter of the slots', async () => {
    const { add, sent, answer } = aBatcher({ maxConcurrency: 8, maxEvents: 1 })
    add(pendingNamed('abcdef', aSink(0, 1_000)))
    assert.deepEqual(sent(), ['a', 'b'])

    add(pendingNamed('g'))
    add(pendingNamed('h'))
    await answer(0)

    assert.deepEqual(sent(), ['a', 'b', 'g', 'h', 'c'])
  })

  it('gives unattended events that come one by one a quarter of the slots, too', async () => {
    const clock = createFakeClock()
    const { add, sent } = aBatcher({ maxConcurrency: 8 }, clock)

    for (const name of 'abc') {
      add(pendingNamed(name, aSink(0, 1_000)))
      await clock.advance(10)
    }

    assert.deepEqual(sent(), ['a', 'b'])
  })

  it('counts no lone event that a push waits for among the unattended', () => {
    const { add, sent } = aBatcher({ maxConcurrency: 8, lingerMs: 0 })
    for (const name of 'abc') add(pendingNamed(name))

    add(pendingNamed('d', aSink(0, 1_000)))

    assert.deepEqual(sent(), ['a', 'b', 'c', 'd'])
  })

  it('gives events all slots once a push waits for them again', () => {
    const sink = aSink(0, 1_000)
    const { add, review, sent } = aBatcher({ maxConcurrency: 4, maxEvents: 1 })
    add(pendingNamed('abcde', sink))
    assert.deepEqual(sent(), ['a'])

    sink.deliverBy = 500
    review()

    assert.deepEqual(sent(), ['a', 'b', 'c', 'd'])
  })

  it('takes a batch back that gave up its slot, and sends it after the others', async () => {
    const [one, other] = [aSink(0, 1_000), aSink(0, 1_000)]
    const { add, takeBack, sent, end } = aBatcher({ maxConcurrency: 1, lingerMs: 0 })
    const batch = [...pendingNamed('a', one), ...pendingNamed('b', other)]
    add(batch)
    add(pendingNamed('c'))

    takeBack(batch)
    await end(0)
    await end(1)

    assert.deepEqual(sent(), ['ab', 'c', 'ab'])
    assert.deepEqual([one.arrivals, other.arrivals], [[], []])
  })

  it('gives unattended events no more slots when an attended batch has ended', async () => {
    const { add, sent, answer } = aBatcher({ maxConcurrency: 8, maxEvents: 1 })
    add(pendingNamed('ab'))
    await answer(0)
    await answer(1)

    add(pendingNamed('cdef', aSink(0, 1_000)))

    assert.deepEqual(sent(), ['a', 'b', 'c', 'd'])
  })

  it('sends attended events of either lane first', async () => {
    const clock = createFakeClock()
    const { add, sent, answer } = aBatcher({ maxConcurrency: 1, lingerMs: 0 }, clock)
    add(pendingNamed('a'))
    add(pendingNamed('B', aSink(0, 1_000)))
    await clock.advance(1)
    add(pendingNamed('c'))

    await answer(0)
    await answer(1)

    assert.deepEqual(sent(), ['a', 'c', 'B'])
  })

  it('sends a full batch of identity verbs while an older event lingers', async () => {
    const clock = createFakeClock()
    const { add, sent } = aBatcher({ maxConcurrency: 3 }, clock)
    add(pendingNamed('a'))
    add(pendingNamed('b'))
    await clock.advance(1)

    add(pendingNamed('CDE'))

    assert.deepEqual(sent(), ['a', 'CDE'])
  })

  it('asks for a slot on review when a push waits for one by now', () => {
    const sink = aSink(0, 1_000)
    const { add, review, wanted } = aBatcher({ maxConcurrency: 1 })
    add(pendingNamed('a'))
    add(pendingNamed('b', sink))

    sink.deliverBy = 500
    review()

    assert.equal(wanted.slots, 1)
  })

  it('asks for no slot for lingering events while one is free', () => {
    const { add, sent, wanted } = aBatcher({ maxConcurrency: 2 })

    add(pendingNamed('a'))
    add(pendingNamed('b'))

    assert.deepEqual([sent(), wanted.slots], [['a'], 0])
  })

  it('returns only the late events of a batch that it took back', async () => {
    const clock = createFakeClock()
    const [late, other] = [aSink(50), aSink()]
    const { add, takeBack, review, sent, answer } = aBatcher({ maxConcurrency: 1 }, clock)
    add(pendingNamed('a'))
    takeBack([...pendingNamed('b', late), ...pendingNamed('c', other)])
    await clock.advance(50)

    review()
    await answer(0)

    assert.deepEqual([late.arrivals.length, other.arrivals.length], [1, 0])
    assert.deepEqual(sent(), ['a', 'c'])
  })

  it('asks for a slot for a push that waits, and not for unattended events', () => {
    const { add, wanted } = aBatcher({ maxConcurrency: 1 })
    add(pendingNamed('a'))
    add(pendingNamed('b', aSink(0, 1_000)))
    assert.equal(wanted.slots, 0)

    add(pendingNamed('c'))

    assert.equal(wanted.slots, 1)
  })

  it('ignores a message without events', () => {
    const { add, sent } = aBatcher()

    add([])

    assert.deepEqual(sent(), [])
  })
})
