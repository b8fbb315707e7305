import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IMPORTED } from '../../src/model/outcome.ts'
import { aSink } from '../helpers/builders.ts'
import {
  aDelivery,
  allImported,
  answered,
  inTurn,
  outcomesOf,
  pendingOf,
  reasonsOf,
} from './a-delivery.ts'

function counting(imported: number) {
  return answered(200, { code: 200, num_records_imported: imported, status: 'OK' })
}

describe('a 200 that counts fewer events than were sent', () => {
  it('is asked for once more, at once, and means imported when the second counts all', async () => {
    const sink = aSink()
    const { deliverBatch, sentAt, noted } = aDelivery(inTurn(counting(1), allImported))

    await deliverBatch(pendingOf(sink))

    assert.deepEqual(sentAt(), [0, 0])
    assert.deepEqual(outcomesOf(sink), { a: IMPORTED, b: IMPORTED, c: IMPORTED })
    assert.deepEqual(noted.shortfalls, [])
  })

  for (const [first, second, missing] of [
    [1, 1, 2],
    [1, 2, 1],
    [2, 1, 1],
    [0, 2, 1],
    [2, 0, 1],
  ] as const) {
    it(`means imported when some are counted, and the gap is reported: ${first}, then ${second}`, async () => {
      const sink = aSink()
      const { deliverBatch, sent, noted } = aDelivery(inTurn(counting(first), counting(second)))

      await deliverBatch(pendingOf(sink))

      assert.equal(sent.length, 2)
      assert.deepEqual(reasonsOf(sink), ['imported', 'imported', 'imported'])
      assert.deepEqual(noted.shortfalls, [missing])
    })
  }

  it('is halved, and rejects nothing, when each part is twice counted as none', async () => {
    const sink = aSink(10_000)
    const { deliverBatch, run, clock, noted } = aDelivery(inTurn(allImported, counting(0)), {
      takesMs: 10,
    })
    await run(deliverBatch(pendingOf(aSink(), ['p'])))

    await run(deliverBatch(pendingOf(sink, Array(2_000).fill('x'))))
    await clock.advance(10_000)

    assert.deepEqual(reasonsOf(sink), Array(2_000).fill('suspect'))
    assert.deepEqual(noted.shortfalls, [])
    assert.deepEqual(noted.suspected, [2_000])
  })

  it('is halved, and imported in parts, when it is counted as none only now and then', async () => {
    const sink = aSink()
    const answers = inTurn(counting(0), counting(0), allImported)
    const { deliverBatch, sentTexts } = aDelivery(answers)

    await deliverBatch(pendingOf(sink))

    assert.deepEqual(sentTexts(), ['a,b,c', 'a,b,c', 'a,b', 'c'])
    assert.deepEqual(reasonsOf(sink), Array(3).fill('imported'))
  })

  it('goes back when two answers count none, and nothing was ever imported', async () => {
    const sink = aSink(10_000)
    const { deliverBatch, clock, noted } = aDelivery(inTurn(counting(0)))

    await deliverBatch(pendingOf(sink, ['a']))
    assert.deepEqual(reasonsOf(sink), [])
    await clock.advance(10_000)

    assert.deepEqual(reasonsOf(sink), ['suspect'])
    assert.deepEqual(noted.suspected, [1])
  })

  it('is no success when there is no time to ask again', async () => {
    const sink = aSink(1_000)
    const { deliverBatch, clock } = aDelivery(inTurn(counting(1)), { takesMs: 1_000 })

    const delivering = deliverBatch(pendingOf(sink))
    await clock.advance(1_000)
    await delivering

    assert.deepEqual(reasonsOf(sink), ['unknown_answer', 'unknown_answer', 'unknown_answer'])
  })

  it('is asked for only once more, whatever fails in between', async () => {
    const sink = aSink()
    const { deliverBatch, clock, sent } = aDelivery(
      inTurn(counting(1), answered(503), counting(1), allImported),
    )

    const delivering = deliverBatch(pendingOf(sink))
    await clock.advance(10_000)
    await delivering

    assert.equal(sent.length, 3)
    assert.deepEqual(reasonsOf(sink), ['imported', 'imported', 'imported'])
  })
})
