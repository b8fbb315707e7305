import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { IMPORTED } from '../../src/model/outcome.ts'
import { aSink, type RecordingSink } from '../helpers/builders.ts'
import { settlePromises } from '../helpers/fake-clock.ts'
import {
  aDelivery,
  allImported,
  always,
  answered,
  inTurn,
  outcomesOf,
  pendingOf,
  reasonsOf,
  TOO_LARGE,
} from './a-delivery.ts'

describe('delivering a batch', () => {
  it('reports every event as imported when Mixpanel imported all', async () => {
    const [one, other] = [aSink(), aSink()]
    const { deliverBatch, sent } = aDelivery(allImported)

    await deliverBatch([...pendingOf(one, ['a', 'b']), ...pendingOf(other, ['c'])])

    assert.deepEqual(outcomesOf(one), { a: IMPORTED, b: IMPORTED })
    assert.deepEqual(outcomesOf(other), { c: IMPORTED })
    assert.deepEqual(sent[0]?.texts, ['a', 'b', 'c'])
  })

  it('reports the outcome of each event when Mixpanel rejected some', async () => {
    const sink = aSink()
    const { deliverBatch, sent } = aDelivery(
      always(
        answered(400, {
          failed_records: [{ index: 1, field: 'event', message: 'no' }],
          num_records_imported: 2,
        }),
      ),
    )

    await deliverBatch(pendingOf(sink))

    const refused = {
      kind: 'rejected',
      reason: 'refused_by_mixpanel',
      field: 'event',
      detail: 'no',
    }
    assert.deepEqual(outcomesOf(sink), { a: IMPORTED, b: refused, c: IMPORTED })
    assert.equal(sent.length, 1)
  })

  it('sends the same bytes again, after the back-off, until the answer is final', async () => {
    const sink = aSink()
    const timedOut = { kind: 'unanswered', reason: 'mixpanel_timeout' } as const
    const { deliverBatch, clock, sent, sentAt } = aDelivery(
      inTurn(answered(503), timedOut, answered(429), allImported),
    )

    const delivering = deliverBatch(pendingOf(sink))
    await clock.advance(10_000)
    await delivering

    assert.deepEqual(sentAt(), [0, 1_000, 3_000, 7_000])
    for (const { texts } of sent) assert.deepEqual(texts, ['a', 'b', 'c'])
    assert.deepEqual(reasonsOf(sink), ['imported', 'imported', 'imported'])
  })

  it('gives a batch back with the reason of the last answer when another attempt would come too late', async () => {
    const sink = aSink(3_000)
    const { deliverBatch, clock, sentAt } = aDelivery(inTurn(answered(429), answered(503)))

    const delivering = deliverBatch(pendingOf(sink))
    await clock.advance(2_000)
    await delivering

    assert.deepEqual(sentAt(), [0, 1_500])
    assert.deepEqual(
      reasonsOf(sink),
      Array.from({ length: 3 }, () => 'mixpanel_unavailable'),
    )
  })

  it('holds a batch to the end of its time while credentials are refused, and probes every ten seconds', async () => {
    const sink = aSink(25_000)
    const { deliverBatch, clock, gate, sentAt, noted } = aDelivery(always(answered(401)))

    const delivering = deliverBatch(pendingOf(sink))
    await clock.advance(24_999)
    assert.equal(sink.arrivals.length, 0)
    assert.equal(gate.isUnauthorized(), true)
    await clock.advance(1)
    await delivering

    assert.deepEqual(sentAt(), [0, 10_000, 20_000])
    assert.deepEqual(reasonsOf(sink), ['misconfigured', 'misconfigured', 'misconfigured'])
    assert.deepEqual(noted.misconfigured, [401, 401, 401])
  })

  it('resumes by itself when the credentials work again', async () => {
    const [probe, held] = [aSink(30_000), aSink(30_000)]
    const { deliverBatch, clock, gate, sentAt } = aDelivery(inTurn(answered(401), allImported))

    const delivering = Promise.all([
      deliverBatch(pendingOf(probe)),
      settlePromises().then(() => deliverBatch(pendingOf(held))),
    ])
    await clock.advance(10_000)
    await delivering

    assert.equal(gate.isUnauthorized(), false)
    assert.deepEqual(sentAt().map(Math.floor), [0, 10_000, 10_000])
    assert.deepEqual([...reasonsOf(probe), ...reasonsOf(held)], Array(6).fill('imported'))
  })

  it('keeps trying for a message that was given more time', async () => {
    const sink = aSink(3_000)
    const { deliverBatch, clock, sentAt } = aDelivery(always(answered(503)))
    const delivering = deliverBatch(pendingOf(sink))
    await clock.advance(500)

    sink.deliverBy = 10_000
    await clock.advance(10_000)
    await delivering

    assert.deepEqual(sentAt(), [0, 1_000, 3_000, 7_000])
  })

  it('is taken back, and reports nothing, when it yields its slot', async () => {
    const sink = aSink(0, 20_000)
    const { deliverBatch, gate, clock, noted, sentAt } = aDelivery(allImported)
    const batch = pendingOf(sink)
    await gate.pass(30_000_000, () => 1)

    const delivering = deliverBatch(batch)
    await clock.advance(1)
    gate.yieldSlot()
    await delivering

    assert.deepEqual(noted.yielded, [batch])
    assert.deepEqual([sink.arrivals, sentAt()], [[], []])
  })

  it('keeps trying as long as one of its messages has time', async () => {
    const [hasty, patient] = [aSink(500), aSink(5_000)]
    const { deliverBatch, clock, sentAt } = aDelivery(
      inTurn(answered(503), answered(503), allImported),
    )

    const delivering = deliverBatch([...pendingOf(patient), ...pendingOf(hasty, ['d'])])
    await clock.advance(5_000)
    await delivering

    assert.deepEqual(sentAt(), [0, 1_000, 3_000])
    assert.deepEqual(reasonsOf(hasty), ['imported'])
  })

  it('sends no batch whose time is up', async () => {
    const sink = aSink(100)
    const { deliverBatch, clock, sent } = aDelivery(allImported)
    await clock.advance(100)

    await deliverBatch(pendingOf(sink, ['a']))

    assert.deepEqual(sent, [])
    assert.deepEqual(reasonsOf(sink), ['deadline'])
  })

  it('sends no batch when the pause that Mixpanel wants is longer than its time', async () => {
    const [first, second] = [aSink(5_000), aSink(5_000)]
    const { deliverBatch, sent } = aDelivery(always(answered(429, {}, '30')))

    await deliverBatch(pendingOf(first, ['a']))
    await deliverBatch(pendingOf(second, ['b']))

    assert.equal(sent.length, 1)
    assert.deepEqual([...reasonsOf(first), ...reasonsOf(second)], ['throttled', 'throttled'])
  })

  const holdUps = [
    { name: '429', answer: answered(429), waitsMs: 1_500 },
    { name: '429 with a Retry-After', answer: answered(429, {}, '5'), waitsMs: 5_000 },
    { name: '503 with a Retry-After', answer: answered(503, {}, '5'), waitsMs: 5_000 },
    { name: '503', answer: answered(503), waitsMs: 0 },
  ]
  for (const { name, answer, waitsMs } of holdUps) {
    it(`holds every other batch up for ${waitsMs} ms after ${name}`, async () => {
      const { deliverBatch, clock, sent } = aDelivery(inTurn(answer, allImported))

      const delivering = deliverBatch(pendingOf(aSink(), ['a']))
      await settlePromises()
      const other = deliverBatch(pendingOf(aSink(), ['b']))
      await clock.advance(10_000)
      await Promise.all([delivering, other])

      const sentAt = sent.find(({ texts }) => texts.includes('b'))?.at ?? Number.NaN
      assert.equal(Math.floor(sentAt), waitsMs)
    })
  }

  it('halves a batch that is too large until the event at fault stands alone', async () => {
    const sink = aSink()
    const { deliverBatch, sentTexts } = aDelivery((texts, attempt) =>
      texts.includes('X') ? TOO_LARGE : allImported(texts, attempt),
    )

    await deliverBatch(pendingOf(sink, ['a', 'b', 'c', 'X', 'e']))

    assert.deepEqual(sentTexts(), ['a,b,c,X,e', 'a,b,c', 'X,e', 'X', 'e'])
    assert.partialDeepStrictEqual(outcomesOf(sink), {
      a: IMPORTED,
      b: IMPORTED,
      c: IMPORTED,
      X: { kind: 'rejected', reason: 'too_large', detail: 'too large' },
      e: IMPORTED,
    })
  })

  it('rejects a single event that Mixpanel itself calls too large, with proof or without', async () => {
    const sink = aSink()
    const { deliverBatch } = aDelivery(always(TOO_LARGE))

    await deliverBatch(pendingOf(sink, ['X'.repeat(100_000)]))

    assert.deepEqual(reasonsOf(sink), ['too_large'])
  })

  it('does not believe that a small event is too large while nothing is imported', async () => {
    const sink = aSink(10_000)
    const { deliverBatch, clock, noted } = aDelivery(always(TOO_LARGE))

    await deliverBatch(pendingOf(sink, ['X'.repeat(99_999)]))
    await clock.advance(10_000)

    assert.deepEqual(reasonsOf(sink), ['suspect'])
    assert.deepEqual(noted.suspected, [1])
  })

  it('rejects no event that only a proxy calls too large while nothing is imported', async () => {
    const sink = aSink(10_000)
    const { deliverBatch, clock } = aDelivery(always(answered(413)))

    await deliverBatch(pendingOf(sink, ['a', 'b']))
    await clock.advance(10_000)

    assert.deepEqual(reasonsOf(sink), ['suspect', 'suspect'])
  })

  it('gives back the half whose time was up before its turn', async () => {
    const [first, second] = [aSink(5_000), aSink(900)]
    const { deliverBatch, clock, sentTexts } = aDelivery(inTurn(TOO_LARGE, allImported), {
      maxConcurrency: 1,
      takesMs: 500,
    })

    const delivering = deliverBatch([...pendingOf(first, ['a']), ...pendingOf(second, ['b'])])
    await clock.advance(1_000)
    await delivering

    assert.deepEqual(sentTexts(), ['a,b', 'a'])
    assert.deepEqual([...reasonsOf(first), ...reasonsOf(second)], ['imported', 'deadline'])
  })

  it('gives back a batch that waits for another attempt as soon as it drains', async () => {
    const sink = aSink(50_000)
    const { deliverBatch, clock, gate, sent } = aDelivery(always(answered(503, {}, '30')))
    const delivering = deliverBatch(pendingOf(sink, ['a']))
    await clock.advance(1_000)

    gate.drain()
    await delivering

    assert.equal(sent.length, 1)
    assert.deepEqual(reasonsOf(sink), ['mixpanel_unavailable'])
  })

  it('gives back a batch that waits for its first attempt as soon as it drains', async () => {
    const sink = aSink(50_000)
    const { deliverBatch, clock, gate, sent } = aDelivery(allImported)
    const answer = await gate.pass(1, () => 1)
    assert.ok(answer.kind === 'permit')
    gate.ended(answer, { kind: 'throttled', retryAfter: '30' })
    await clock.advance(1)
    const delivering = deliverBatch(pendingOf(sink, ['a']))
    await settlePromises()

    gate.drain()
    await delivering

    assert.deepEqual(sent, [])
    assert.deepEqual(reasonsOf(sink), ['draining'])
  })

  it('gives back a refused batch when it drains, instead of halving it', async () => {
    const sink = aSink()
    const { deliverBatch, gate, sent } = aDelivery(always(TOO_LARGE))
    gate.drain()

    await deliverBatch(pendingOf(sink, ['a', 'b']))

    assert.equal(sent.length, 1)
    assert.deepEqual(reasonsOf(sink), ['draining', 'draining'])
  })

  it('rejects on a bug', async () => {
    const { deliverBatch } = aDelivery(() => Promise.reject(new Error('a bug')))

    await assert.rejects(deliverBatch(pendingOf(aSink())), /a bug/)
  })

  const listing = { failed_records: [{ index: 0, message: 'no' }], num_records_imported: 2 }
  const takings = [
    { name: 'all imported', answer: allImported },
    { name: 'some rejected', answer: answered(400, listing) },
    { name: 'some listed', answer: answered(400, { ...listing, num_records_imported: 0 }) },
    { name: 'fewer counted', answer: answered(200, { num_records_imported: 1, status: 'OK' }) },
  ]
  for (const { name, answer } of takings) {
    it(`lets all others pass again once a probe was taken: ${name}`, async () => {
      const { deliverBatch, clock, gate, sentAt } = aDelivery(
        inTurn(answered(429), answer, () => new Promise(() => {})),
      )

      void deliverBatch(pendingOf(aSink()))
      await settlePromises()
      void deliverBatch(pendingOf(aSink()))
      void deliverBatch(pendingOf(aSink()))
      await clock.advance(1_600)

      assert.equal(gate.isPaused(), false)
      assert.ok(sentAt().length > 2)
    })
  }

  it('gives back a batch as suspect when Mixpanel refuses everything and it would have to wait', async () => {
    const [hasty, late] = [aSink(1_000), aSink(0)]
    const opaque = answered(400, { error: 'no', status: 0 })
    const { deliverBatch, clock, sent } = aDelivery(always(opaque))
    await deliverBatch(pendingOf(aSink(), ['a']))

    await deliverBatch(pendingOf(hasty, ['b']))
    await deliverBatch(pendingOf(late, ['c']))
    assert.deepEqual(reasonsOf(hasty), [])
    await clock.advance(1_000)

    assert.equal(sent.length, 2)
    assert.deepEqual([...reasonsOf(hasty), ...reasonsOf(late)], ['suspect', 'deadline'])
  })

  it('takes a refusal by Mixpanel that names no event as a sign of good credentials', async () => {
    const opaque = answered(400, { error: 'no', status: 0 })
    const { deliverBatch, clock, gate } = aDelivery(inTurn(answered(401), opaque))

    void deliverBatch(pendingOf(aSink(), ['a']))
    await clock.advance(10_000)

    assert.equal(gate.isUnauthorized(), false)
  })

  it('does not take a refusal by a proxy as a sign of good credentials', async () => {
    const { deliverBatch, clock, gate } = aDelivery(inTurn(answered(401), answered(413)))

    void deliverBatch(pendingOf(aSink(), ['a']))
    await clock.advance(10_000)

    assert.equal(gate.isUnauthorized(), true)
  })

  it('lets other batches pass when a bug has ended the probe', async () => {
    const sink = aSink()
    const { deliverBatch, clock } = aDelivery(
      inTurn(answered(429), () => Promise.reject(new Error('a bug')), allImported),
    )

    const failing = assert.rejects(deliverBatch(pendingOf(aSink())), /a bug/)
    await settlePromises()
    const waiting = deliverBatch(pendingOf(sink))
    await clock.advance(1_600)
    await Promise.all([failing, waiting])

    assert.deepEqual(reasonsOf(sink), ['imported', 'imported', 'imported'])
  })

  it('sends the events that a list does not name again, without those it names', async () => {
    const sink = aSink()
    const listing = answered(400, {
      error: 'some failed',
      failed_records: [{ index: 1, message: 'no' }],
      num_records_imported: 0,
      status: 'Bad Request',
    })
    const { deliverBatch, sentTexts } = aDelivery(inTurn(listing, allImported))

    await deliverBatch(pendingOf(sink))

    assert.deepEqual(sentTexts(), ['a,b,c', 'a,c'])
    assert.partialDeepStrictEqual(outcomesOf(sink), {
      a: IMPORTED,
      b: { kind: 'rejected', detail: 'no' },
      c: IMPORTED,
    })
  })

  it('sends no event again when a list names all, whatever it counts', async () => {
    const sink = aSink()
    const listing = answered(400, {
      failed_records: [0, 1, 2].map((index) => ({ index, message: 'no' })),
      num_records_imported: 2,
    })
    const { deliverBatch, sent } = aDelivery(always(listing))

    await deliverBatch(pendingOf(sink))

    assert.equal(sent.length, 1)
    assert.deepEqual(reasonsOf(sink), Array(3).fill('refused_by_mixpanel'))
  })

  const verbs = (sink: RecordingSink, texts?: readonly string[]) =>
    pendingOf(sink, texts).map((event) => {
      return { ...event, prepared: { ...event.prepared, identityVerb: true } }
    })

  it('rejects the verbs of a batch of identity verbs that is refused as the documents say', async () => {
    const sink = aSink()
    const text =
      'identity events are not allowed when project is using simplified identity management'
    const refusal = { error: 'no', failed_records: [text], num_records_imported: 0 }
    const { deliverBatch, sent } = aDelivery(always(answered(400, refusal)))

    await deliverBatch(verbs(sink))

    assert.equal(sent.length, 1)
    assert.deepEqual(reasonsOf(sink), Array(3).fill('refused_by_mixpanel'))
  })

  it('halves a batch of identity verbs that is refused in other words', async () => {
    const sink = aSink()
    const refusal = { failed_records: ['$anon_id is no UUID'], num_records_imported: 0 }
    const { deliverBatch } = aDelivery((texts, attempt) =>
      texts.includes('X') ? answered(400, refusal) : allImported(texts, attempt),
    )

    await deliverBatch(verbs(sink, [...Array(99).fill('g'), 'X']))

    const reasons = reasonsOf(sink)
    assert.equal(reasons.filter((reason) => reason === 'imported').length, 99)
    assert.equal(reasons.filter((reason) => reason === 'refused_by_mixpanel').length, 1)
  })

  it('imports every event that Mixpanel takes once, whichever events are too large', async () => {
    const events = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 })
    const refusal = fc.constantFrom(
      TOO_LARGE,
      answered(400, { error: 'json decode error: http: request body too large', status: 0 }),
    )
    await fc.assert(
      fc.asyncProperty(events, refusal, async (sizes, tooLarge) => {
        const sink = aSink()
        const texts = sizes.map((size, index) => `${index}-`.padEnd(size, 'x'))
        const { deliverBatch } = aDelivery((some, attempt) =>
          some.join().length > 8 ? tooLarge : allImported(some, attempt),
        )

        await deliverBatch(
          pendingOf(sink, texts).map((event) => {
            return { ...event, prepared: { ...event.prepared, bytes: 500_000 } }
          }),
        )

        assert.equal(sink.arrivals.length, texts.length)
        const outcomes = outcomesOf(sink)
        for (const text of texts) {
          assert.equal(outcomes[text]?.kind, text.length > 8 ? 'rejected' : 'imported')
        }
      }),
    )
  })
})
