import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { aSink, type RecordingSink } from '../helpers/builders.ts'
import {
  type Answers,
  aDelivery,
  allImported,
  always,
  answered,
  type DeliveryChanges,
  inTurn,
  outcomesOf,
  pendingOf,
  reasonsOf,
} from './a-delivery.ts'
import { seeded } from './seeded.ts'

/** The 400 that names no event: nothing of the batch is imported. */
const OPAQUE = answered(400, {
  code: 400,
  error: 'some data points in the request failed validation',
  failed_records: ['no poison here'],
  num_records_imported: 0,
  status: 'Bad Request',
})

/** Refuses whatever comes with one of these events. */
function refusing(isPoison: (text: string) => boolean): Answers {
  return (texts, attempt) => (texts.some(isPoison) ? OPAQUE : allImported(texts, attempt))
}

const isPoison = (text: string): boolean => text.startsWith('X')

/** Returns the texts of `count` events. The events at the given places are poisonous. */
function textsOf(count: number, ...poison: readonly number[]): string[] {
  const places = new Set(poison)
  return Array.from({ length: count }, (_, place) => `${places.has(place) ? 'X' : 'g'}${place}`)
}

/** Delivers a batch to a Mixpanel that refuses poison, and lets as much time pass as it takes. */
async function deliverPoisoned(
  texts: readonly string[],
  changes: DeliveryChanges = {},
  sink: RecordingSink = aSink(),
) {
  const delivery = aDelivery(refusing(isPoison), changes)
  await delivery.run(delivery.deliverBatch(pendingOf(sink, texts)))
  delivery.holding.drain()
  await delivery.clock.advance(0)
  return { ...delivery, sink, requests: delivery.sent.length, lastAt: delivery.sentAt().at(-1) }
}

describe('a batch that is refused without a name', () => {
  for (const place of [0, 1, 777, 1_998, 1_999]) {
    it(`shows its one poison event in at most 25 requests, wherever it stands: ${place}`, async () => {
      const { sink, requests } = await deliverPoisoned(textsOf(2_000, place))

      const outcomes = outcomesOf(sink)
      assert.equal(sink.arrivals.length, 2_000)
      assert.deepEqual(outcomes[`X${place}`], {
        kind: 'rejected',
        reason: 'refused_by_mixpanel',
        detail: 'no poison here',
      })
      assert.equal(reasonsOf(sink).filter((reason) => reason === 'imported').length, 1_999)
      assert.ok(requests <= 25, `${requests} requests`)
    })
  }

  for (const seed of [1, 2, 3, 4, 5]) {
    it(`shows its ten poison events in at most 200 requests, wherever they stand: ${seed}`, async () => {
      const random = seeded(seed)
      const places = new Set<number>()
      while (places.size < 10) places.add(Math.floor(random() * 2_000))

      const { sink, requests } = await deliverPoisoned(textsOf(2_000, ...places), { random })

      const reasons = reasonsOf(sink)
      assert.equal(reasons.filter((reason) => reason === 'refused_by_mixpanel').length, 10)
      assert.equal(reasons.filter((reason) => reason === 'imported').length, 1_990)
      assert.ok(requests <= 200, `${requests} requests`)
    })
  }

  it('shows ten poison events that stand together', async () => {
    const together = Array.from({ length: 10 }, (_, place) => 1_000 + place)

    const { sink, requests } = await deliverPoisoned(textsOf(2_000, ...together))

    assert.equal(reasonsOf(sink).filter((reason) => reason === 'imported').length, 1_990)
    assert.ok(requests <= 200, `${requests} requests`)
  })

  it('is halved in parallel: one poison of 2,000 is found in a dozen round trips', async () => {
    const { lastAt } = await deliverPoisoned(textsOf(2_000, 0), { takesMs: 1_000 })

    assert.equal(lastAt, 12_000)
  })

  it('keeps to the slots while its parts travel', async () => {
    const texts = textsOf(64, 3, 17, 40)

    const { noted } = await deliverPoisoned(texts, { takesMs: 10, maxConcurrency: 2 })

    assert.equal(noted.most, 2)
  })

  it('rejects exactly its poison, or nothing while nothing is imported', async () => {
    const batch = fc.array(fc.constantFrom('g', 'X'), { minLength: 1, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(batch, fc.integer(), async (kinds, seed) => {
        const texts = kinds.map((kind, place) => `${kind}${place}`)

        const { sink } = await deliverPoisoned(texts, { random: seeded(seed) })

        const outcomes = outcomesOf(sink)
        assert.equal(sink.arrivals.length, texts.length)
        const imported = Object.values(outcomes).some(({ kind }) => kind === 'imported')
        for (const text of texts) {
          const expected = isPoison(text) ? 'rejected' : 'imported'
          assert.equal(outcomes[text]?.kind, imported ? expected : 'retry')
        }
      }),
    )
  })

  it('comes to an end when it holds much poison: some of it is imported at each delivery', async () => {
    const places = Array.from({ length: 2_000 }, (_, place) => place).filter((at) => at % 4 > 0)
    const texts = textsOf(2_000, ...places)

    const ends = await Promise.all(
      [1, 2].map((seed) => deliverPoisoned(texts, { random: seeded(seed) })),
    )

    const settled = ends.filter(({ sink }) => reasonsOf(sink).includes('imported'))
    assert.ok(settled.length > 0)
    for (const { sink } of settled) {
      const reasons = reasonsOf(sink)
      assert.equal(reasons.filter((reason) => reason === 'imported').length, 500)
      assert.equal(reasons.filter((reason) => reason === 'refused_by_mixpanel').length, 1_500)
    }
  })

  it('goes back whole at the end of its time when nothing of it is imported', async () => {
    const sink = aSink(10_000)
    const { deliverBatch, clock, sent, noted } = aDelivery(always(OPAQUE))

    await deliverBatch(pendingOf(sink, textsOf(2_000)))
    await clock.advance(9_999)
    assert.deepEqual(reasonsOf(sink), [])
    await clock.advance(1)

    assert.deepEqual(reasonsOf(sink), Array(2_000).fill('suspect'))
    assert.deepEqual(noted.suspected, [2_000])
    assert.ok(sent.length <= 60, `${sent.length} requests`)
  })

  it('goes back whole when nothing of it is imported, however much was imported before', async () => {
    const sink = aSink(10_000)
    const { deliverBatch, clock } = aDelivery(inTurn(allImported, OPAQUE))
    await deliverBatch(pendingOf(aSink(), ['g']))
    await clock.advance(1)

    await deliverBatch(pendingOf(sink, ['a', 'b']))
    await clock.advance(10_000)

    assert.deepEqual(reasonsOf(sink), ['suspect', 'suspect'])
  })

  it('goes back when only other batches are imported meanwhile: they are no neighbours', async () => {
    const sink = aSink(10_000)
    const { deliverBatch, clock, gate } = aDelivery(refusing(isPoison), { takesMs: 100 })

    const delivering = deliverBatch(pendingOf(sink, ['X1', 'X2', 'X3', 'X4']))
    await clock.advance(150)
    const other = deliverBatch(pendingOf(aSink(), ['g']))
    await clock.advance(1_000)
    await Promise.all([delivering, other])
    assert.equal(gate.isPaused(), false)
    await clock.advance(10_000)

    assert.deepEqual(reasonsOf(sink), Array(4).fill('suspect'))
  })

  it('rejects an event when seven requests have refused it, and sends it again until then', async () => {
    const sink = aSink()
    const { deliverBatch, sentTexts } = aDelivery(refusing(isPoison))

    await deliverBatch(pendingOf(sink, ['X', 'a']))

    assert.equal(reasonsOf(sink).filter((reason) => reason === 'refused_by_mixpanel').length, 1)
    assert.deepEqual(sentTexts().sort(), ['X', 'X', 'X', 'X', 'X', 'X', 'X,a', 'a'])
  })

  for (const refusals of [2, 3, 4, 5, 6]) {
    it(`imports an event that ${refusals} requests in a row refused by chance`, async () => {
      const sink = aSink()
      let left = refusals
      const { deliverBatch } = aDelivery((texts, attempt) => {
        if (!texts.includes('a')) return allImported(texts, attempt)
        left -= 1
        return left >= 0 ? OPAQUE : allImported(texts, attempt)
      })

      await deliverBatch(pendingOf(sink, ['a', 'b']))

      assert.deepEqual(reasonsOf(sink), ['imported', 'imported'])
    })
  }

  it('is halved in random order', async () => {
    const orders = await Promise.all(
      [0, 0.49, 0.5, 0.99].map(async (lot) => {
        const { sentTexts } = await deliverPoisoned(['X', 'a'], {
          random: () => lot,
          maxConcurrency: 1,
        })
        return sentTexts().slice(1, 4).join()
      }),
    )

    assert.deepEqual(orders, ['X,a,X', 'X,a,X', 'a,X,X', 'a,X,X'])
  })

  it('gives its undecided events back as soon as the service drains', async () => {
    const sink = aSink()
    const { deliverBatch, clock, gate, sent } = aDelivery(refusing(isPoison), { takesMs: 100 })
    const delivering = deliverBatch(pendingOf(sink, textsOf(8, 0, 7)))
    await clock.advance(150)

    gate.drain()
    await clock.advance(100)
    await delivering

    assert.equal(sent.length, 3)
    assert.deepEqual(reasonsOf(sink), Array(8).fill('draining'))
  })

  it('gives its undecided events back when its time is up', async () => {
    const sink = aSink(2_500)

    const { sent } = await deliverPoisoned(textsOf(2_000, 0), { takesMs: 1_000 }, sink)

    const reasons = reasonsOf(sink)
    assert.equal(sent.length, 5)
    assert.equal(reasons.filter((reason) => reason === 'imported').length, 1_500)
    assert.equal(reasons.filter((reason) => reason === 'deadline').length, 500)
  })

  it('rejects on a bug in one of its parts', async () => {
    const { deliverBatch } = aDelivery(inTurn(OPAQUE, () => Promise.reject(new Error('a bug'))))

    await assert.rejects(deliverBatch(pendingOf(aSink())), /a bug/)
  })
})

describe('a batch of nothing but poison', () => {
  it('is rejected at the third delivery that refuses it, with imports between', async () => {
    const { deliverBatch, clock, run } = aDelivery(refusing(isPoison), { takesMs: 10 })

    const reasons: string[][] = []
    for (let delivery = 1; delivery <= 3; delivery += 1) {
      const sink = aSink(clock.monotonic() + 10_000, undefined, 'm')
      await run(deliverBatch(pendingOf(sink, ['X1', 'X2'])))
      await clock.advance(10_000)
      reasons.push(reasonsOf(sink))
      await run(deliverBatch(pendingOf(aSink(), ['g'])))
    }

    assert.deepEqual(reasons, [
      ['suspect', 'suspect'],
      ['suspect', 'suspect'],
      ['refused_by_mixpanel', 'refused_by_mixpanel'],
    ])
  })

  it('is rejected at the third delivery, however large, while others are imported beside it', async () => {
    const changes = { takesMs: 50, random: seeded(1) }
    const { deliverBatch, clock, run } = aDelivery(refusing(isPoison), changes)
    const texts = Array.from({ length: 200 }, (_, at) => `X${at}`)
    const rejected: number[] = []

    for (let delivery = 1; delivery <= 3; delivery += 1) {
      const sink = aSink(clock.monotonic() + 8_000, undefined, 'm')
      const delivering = deliverBatch(pendingOf(sink, texts))
      for (let elapsedMs = 0; elapsedMs <= 8_000; elapsedMs += 200) {
        void deliverBatch(pendingOf(aSink(), ['g']))
        await clock.advance(200)
      }
      await run(delivering)
      rejected.push(reasonsOf(sink).filter((reason) => reason === 'refused_by_mixpanel').length)
    }

    assert.deepEqual(rejected, [0, 0, 200])
  })

  it('goes back again and again while nothing is imported between', async () => {
    const { deliverBatch, clock, run } = aDelivery(refusing(isPoison), { takesMs: 10 })
    await run(deliverBatch(pendingOf(aSink(), ['g'])))

    const reasons: string[] = []
    for (let delivery = 1; delivery <= 5; delivery += 1) {
      const sink = aSink(clock.monotonic() + 10_000, undefined, 'm')
      await run(deliverBatch(pendingOf(sink, ['X1', 'X2'])))
      await clock.advance(10_000)
      reasons.push(...reasonsOf(sink))
    }

    assert.deepEqual(reasons, Array(10).fill('suspect'))
  })

  it('is no reason to reject others that are refused beside it', async () => {
    const { deliverBatch, clock, run } = aDelivery(refusing(isPoison), { takesMs: 10 })
    const last = aSink(100_000, undefined, 'm')
    for (const texts of [['X1'], ['X1'], ['X1', 'X2']]) {
      await run(deliverBatch(pendingOf(last, texts)))
      await run(deliverBatch(pendingOf(aSink(), ['g'])))
    }
    const [rejected] = last.arrivals
    await clock.advance(100_000)

    assert.equal(rejected?.event.prepared.text, 'X1')
    assert.deepEqual(outcomesOf(last).X2, { kind: 'retry', reason: 'suspect' })
  })
})

describe('a Mixpanel that begins to refuse everything', () => {
  it('is no proof any more for the parts of a batch that is being halved', async () => {
    const sink = aSink(100_000)
    let broken = false
    const { deliverBatch, clock, sent, run, runUntil } = aDelivery(
      (texts, attempt) => (broken ? OPAQUE : refusing(isPoison)(texts, attempt)),
      { takesMs: 20 },
    )
    const delivering = deliverBatch(pendingOf(sink, textsOf(2_000, 0)))
    await runUntil(() => sent.length >= 5, 10)

    broken = true
    await run(delivering)
    await clock.advance(100_000)

    const reasons = reasonsOf(sink)
    const rejected = reasons.filter((reason) => reason === 'refused_by_mixpanel').length
    assert.ok(reasons.includes('imported') && reasons.includes('suspect'))
    assert.ok(rejected <= 10, `${rejected} dead letters`)
  })

  it('is sent ever fewer requests, whatever waits, until it imports something', async () => {
    let broken = true
    const { deliverBatch, clock, sent, sentAt } = aDelivery(
      (texts, attempt) => (broken ? OPAQUE : allImported(texts, attempt)),
      { takesMs: 20 },
    )
    const sinks = Array.from({ length: 16 }, () => aSink())
    for (const sink of sinks) void deliverBatch(pendingOf(sink, ['a', 'b']))

    await clock.advance(20_000)
    assert.ok(sentAt().filter((at) => at >= 1_000).length <= 40, `${sent.length} requests`)
    broken = false
    const sink = aSink()
    void deliverBatch(pendingOf(sink, ['c']))
    await clock.advance(60_000)

    assert.deepEqual(reasonsOf(sink), ['imported'])
  })
})

describe('an event that is refused alone', () => {
  it('is sent twice, the second time not compressed, before it is rejected', async () => {
    const sink = aSink()
    const { deliverBatch, sent } = aDelivery(inTurn(OPAQUE, allImported))
    const large = 'g'.repeat(2_000)

    await deliverBatch(pendingOf(sink, [large]))

    assert.deepEqual(
      sent.map(({ encoding }) => encoding),
      ['gzip', 'identity'],
    )
    assert.deepEqual(reasonsOf(sink), ['imported'])
  })

  it('is held until its time is up, and goes back, when nothing was ever imported', async () => {
    const sink = aSink(10_000)
    const { deliverBatch, clock, sent, noted } = aDelivery(always(OPAQUE))

    await deliverBatch(pendingOf(sink, ['X']))
    await clock.advance(9_999)
    assert.deepEqual(reasonsOf(sink), [])
    await clock.advance(1)

    assert.equal(sent.length, 2)
    assert.deepEqual(reasonsOf(sink), ['suspect'])
    assert.deepEqual(noted.suspected, [1])
  })

  it('is held for as long as its message has time, which may grow', async () => {
    const sink = aSink(10_000)
    const { deliverBatch, clock } = aDelivery(always(OPAQUE))
    await deliverBatch(pendingOf(sink, ['X']))

    sink.deliverBy = 15_000
    await clock.advance(14_999)
    assert.deepEqual(reasonsOf(sink), [])
    await clock.advance(1)

    assert.deepEqual(reasonsOf(sink), ['suspect'])
  })

  it('is held back no longer when the service drains', async () => {
    const [held, late] = [aSink(10_000), aSink(10_000)]
    const { deliverBatch, clock, gate, holding } = aDelivery(always(OPAQUE))
    await deliverBatch(pendingOf(held, ['X']))

    gate.drain()
    holding.drain()
    await clock.advance(0)
    await deliverBatch(pendingOf(late, ['X']))

    assert.deepEqual([...reasonsOf(held), ...reasonsOf(late)], ['draining', 'draining'])
  })

  it('takes no slot from others while it is held', async () => {
    const sinks = Array.from({ length: 20 }, () => aSink(10_000))
    const { deliverBatch, sent } = aDelivery(refusing(isPoison), { maxConcurrency: 1 })
    await deliverBatch(pendingOf(aSink(), ['g']))

    for (const sink of sinks) {
      await deliverBatch(pendingOf(sink, ['X']))
      await deliverBatch(pendingOf(aSink(), ['g']))
    }

    assert.equal(sent.length, 1 + 20 * 3)
    assert.deepEqual(sinks.flatMap(reasonsOf), [])
  })

  /** Delivers an event until it is rejected, at most so often. Answers how often it went back. */
  async function deliveriesOf(
    delivery: ReturnType<typeof aDelivery>,
    between: (deliveries: number) => Promise<void>,
    most = 20,
  ): Promise<{ readonly deliveries: number; readonly detail: string | undefined }> {
    const { clock, deliverBatch, run } = delivery
    for (let deliveries = 1; deliveries <= most; deliveries += 1) {
      const sink = aSink(clock.monotonic() + 10_000, undefined, 'm')
      await run(deliverBatch(pendingOf(sink, ['X'])))
      await clock.advance(10_000)
      const outcome = outcomesOf(sink).X
      if (outcome?.kind === 'rejected') return { deliveries, detail: outcome.detail }
      assert.deepEqual(outcome, { kind: 'retry', reason: 'suspect' })
      await between(deliveries)
    }
    return { deliveries: Number.POSITIVE_INFINITY, detail: undefined }
  }

  it('is rejected, with Mixpanel’s own text, at the third delivery with imports between', async () => {
    const delivery = aDelivery(refusing(isPoison), { takesMs: 10 })

    const end = await deliveriesOf(delivery, () =>
      delivery.run(delivery.deliverBatch(pendingOf(aSink(), ['g']))),
    )

    assert.deepEqual(end, { deliveries: 3, detail: 'no poison here' })
  })

  it('is not rejected at the third when nothing was imported between two of them', async () => {
    const delivery = aDelivery(refusing(isPoison), { takesMs: 10 })

    const end = await deliveriesOf(delivery, async (deliveries) => {
      if (deliveries === 2) return
      await delivery.run(delivery.deliverBatch(pendingOf(aSink(), ['g'])))
    })

    assert.equal(end.deliveries, 4)
  })

  it('is forgotten after two hours without a refusal', async () => {
    for (const [idleMs, deliveries] of [
      [7_189_000, 3],
      [7_200_000, 4],
    ] as const) {
      const delivery = aDelivery(refusing(isPoison), { takesMs: 10 })

      const end = await deliveriesOf(delivery, async (count) => {
        await delivery.run(delivery.deliverBatch(pendingOf(aSink(), ['g'])))
        if (count === 1) await delivery.clock.advance(idleMs)
      })

      assert.equal(end.deliveries, deliveries)
    }
  })

  it('is known by its message and place: another with its insert id starts anew', async () => {
    const { clock, deliverBatch, run } = aDelivery(refusing(isPoison), { takesMs: 10 })

    const reasons: string[] = []
    for (const key of ['m', 'm', 'other', 'm']) {
      const sink = aSink(clock.monotonic() + 10_000, undefined, key)
      await run(deliverBatch(pendingOf(sink, ['X'])))
      await clock.advance(10_000)
      reasons.push(...reasonsOf(sink))
      await run(deliverBatch(pendingOf(aSink(), ['g'])))
    }

    assert.deepEqual(reasons, ['suspect', 'suspect', 'suspect', 'refused_by_mixpanel'])
  })

  it('leaves Mixpanel alone when two are refused in a row with no import between', async () => {
    const { deliverBatch, gate, run } = aDelivery(refusing(isPoison), { takesMs: 10 })
    await run(deliverBatch(pendingOf(aSink(), ['g'])))

    await run(deliverBatch(pendingOf(aSink(), ['X1'])))
    assert.equal(gate.isPaused(), false)
    await run(deliverBatch(pendingOf(aSink(), ['X2'])))

    assert.equal(gate.isPaused(), true)
  })
})
