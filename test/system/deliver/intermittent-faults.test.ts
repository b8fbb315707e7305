import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Answers,
  aDelivery,
  allImported,
  answered,
  pendingOf,
} from '../../deliver/a-delivery.ts'
import { seeded } from '../../deliver/seeded.ts'
import { aSink } from '../../helpers/builders.ts'

const OPAQUE = answered(400, { error: 'no', failed_records: ['no'], num_records_imported: 0 })
const COUNTS_NONE = answered(200, { code: 200, num_records_imported: 0, status: 'OK' })
const DEADLINE_MS = 10_000

interface Faults {
  readonly seed: number
  /** The share of all answers that are faulty. */
  readonly share: number
  readonly answer: typeof OPAQUE
}

/**
 * Delivers messages of so many good events to a Mixpanel that fails at random, one after the other
 * and again and again, until all are settled. Answers how many events were rejected.
 */
async function rejectedOf(
  { messages, events }: { readonly messages: number; readonly events: number },
  { seed, share, answer }: Faults,
): Promise<number> {
  const random = seeded(seed)
  const answers: Answers = (texts, attempt) =>
    random() < share ? answer : allImported(texts, attempt)
  const { clock, deliverBatch, run } = aDelivery(answers, { takesMs: 50, random })
  const texts = Array.from({ length: events }, (_, at) => `g${at}`)
  let left = Array.from({ length: messages }, (_, at) => ({
    key: `m${at}`,
    open: new Set(texts.keys()),
  }))
  let rejected = 0

  while (left.length > 0) {
    for (const { key, open } of left) {
      const sink = aSink(clock.monotonic() + DEADLINE_MS, undefined, key)
      const pending = pendingOf(sink, texts).filter(({ place }) => open.has(place))
      await run(deliverBatch(pending))
      for (const { event, outcome } of sink.arrivals) {
        if (outcome.kind === 'rejected') rejected += 1
        if (outcome.kind !== 'retry') open.delete(event.place)
      }
    }
    await clock.advance(DEADLINE_MS)
    left = left.filter(({ open }) => open.size > 0)
  }
  return rejected
}

describe('good events under a fault that comes and goes', () => {
  for (const { share, messages, most } of [
    { share: 0.1, messages: 1_000, most: 0 },
    { share: 0.3, messages: 10_000, most: 10 },
    { share: 0.5, messages: 1_000, most: 25 },
  ]) {
    it(`are dead-lettered at most ${most} of ${messages}, sent alone, when ${100 * share} % of requests are refused`, async () => {
      const rejected = await rejectedOf({ messages, events: 1 }, { seed: 1, share, answer: OPAQUE })

      assert.ok(rejected <= most, `${rejected} dead letters`)
    })
  }

  for (const events of [2, 3, 8, 20]) {
    it(`are dead-lettered at most one of a thousand, ${events} in a message, when 30 % of requests are refused`, async () => {
      const messages = Math.ceil(4_000 / events)

      const rejected = await rejectedOf(
        { messages, events },
        { seed: 2, share: 0.3, answer: OPAQUE },
      )

      assert.ok(rejected <= 4, `${rejected} dead letters`)
    })
  }

  it('are never dead-lettered, 400,000 in full batches, when half of all answers count none', async () => {
    const rejected = await rejectedOf(
      { messages: 200, events: 2_000 },
      { seed: 3, share: 0.5, answer: COUNTS_NONE },
    )

    assert.equal(rejected, 0)
  })
})
