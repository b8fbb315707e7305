import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aSink } from '../helpers/builders.ts'
import {
  type Answers,
  aDelivery,
  allImported,
  always,
  answered,
  inTurn,
  pendingOf,
  reasonsOf,
} from './a-delivery.ts'

const NO_ACCESS = answered(400, { error: 'Invalid project token', status: 0 })
const TEMPORARY = answered(400, { error: 'a temporary failure occurred', status: 0 })
const HUNDRED = [...Array(99).fill('g'), 'X']

/** Refuses whatever comes with X, in these words. */
function refusingX(answer: typeof NO_ACCESS): Answers {
  return (texts, attempt) => (texts.includes('X') ? answer : allImported(texts, attempt))
}

function decodeError(words: string): typeof NO_ACCESS {
  const error = `json decode error at element idx: 3, byte_offset: 99: ${words}`
  return answered(400, { error, status: 0 })
}

describe('a 400 that speaks of access', () => {
  for (const events of [['a'], ['a', 'b'], Array(2_000).fill('a')]) {
    it(`means misconfigured when it comes twice with no import meanwhile: ${events.length}`, async () => {
      const sink = aSink(8_000)
      const { deliverBatch, clock, gate, run, noted } = aDelivery(always(NO_ACCESS), {
        takesMs: 10,
      })

      const delivering = deliverBatch(pendingOf(sink, events))
      await clock.advance(7_999)
      assert.equal(gate.isUnauthorized(), true)
      assert.deepEqual(reasonsOf(sink), [])
      await run(delivering)

      assert.deepEqual(reasonsOf(sink), Array(events.length).fill('misconfigured'))
      assert.ok(noted.misconfigured.includes(400))
      assert.deepEqual(noted.suspected, [])
    })
  }

  it('is probed every ten seconds, and resumes by itself', async () => {
    const sink = aSink(60_000)
    let broken = true
    const { deliverBatch, clock, gate, sentAt } = aDelivery((texts, attempt) =>
      broken ? NO_ACCESS : allImported(texts, attempt),
    )

    void deliverBatch(pendingOf(sink, ['a']))
    await clock.advance(25_000)
    broken = false
    await clock.advance(5_000)

    assert.deepEqual(sentAt().map(Math.floor), [0, 0, 10_000, 20_000, 30_000])
    assert.equal(gate.isUnauthorized(), false)
    assert.deepEqual(reasonsOf(sink), ['imported'])
  })

  it('is a refusal like any other when it comes once', async () => {
    const sink = aSink()
    const { deliverBatch, gate } = aDelivery(inTurn(NO_ACCESS, allImported))

    await deliverBatch(pendingOf(sink))

    assert.equal(gate.isUnauthorized(), false)
    assert.deepEqual(reasonsOf(sink), Array(3).fill('imported'))
  })

  for (const [name, answer] of Object.entries({
    'a decode error': decodeError('json: unknown field "project_id"'),
    'a decode error in other words': decodeError('unauthorized'),
    'no decode error': NO_ACCESS,
  })) {
    it(`costs no neighbour when it is about one event: ${name}`, async () => {
      const sink = aSink()
      const { deliverBatch, gate, noted } = aDelivery(refusingX(answer), { takesMs: 0 })

      await deliverBatch(pendingOf(sink, HUNDRED))

      assert.equal(gate.isUnauthorized(), false)
      assert.deepEqual(noted.misconfigured, [])
      assert.deepEqual(reasonsOf(sink).sort(), [
        ...Array(99).fill('imported'),
        'refused_by_mixpanel',
      ])
    })
  }

  it('holds other batches up once at most when it is about an event that is sent alone', async () => {
    const { deliverBatch, clock, noted, run } = aDelivery(refusingX(NO_ACCESS), { takesMs: 10 })
    const reasons: string[] = []

    for (let delivery = 1; delivery <= 4; delivery += 1) {
      const sink = aSink(clock.monotonic() + 8_000, undefined, 'm')
      const delivering = deliverBatch(pendingOf(sink, ['X']))
      await clock.advance(12_000)
      await delivering
      reasons.push(...reasonsOf(sink))
      await run(deliverBatch(pendingOf(aSink(), ['g'])))
    }

    assert.deepEqual(reasons, ['misconfigured', 'suspect', 'suspect', 'refused_by_mixpanel'])
    assert.deepEqual(noted.misconfigured, [400])
  })
})

describe('a 400 that speaks of a fault that passes', () => {
  it('is retried, after the back-off', async () => {
    const sink = aSink()
    const { deliverBatch, clock, sentAt } = aDelivery(inTurn(TEMPORARY, TEMPORARY, allImported))

    const delivering = deliverBatch(pendingOf(sink))
    await clock.advance(10_000)
    await delivering

    assert.deepEqual(sentAt(), [0, 1_000, 3_000])
    assert.deepEqual(reasonsOf(sink), Array(3).fill('imported'))
  })

  it('goes back as a 503 does when there is no more time', async () => {
    const sink = aSink(8_000)
    const { deliverBatch, clock, noted } = aDelivery(always(TEMPORARY))

    void deliverBatch(pendingOf(sink))
    await clock.advance(8_000)

    assert.deepEqual(reasonsOf(sink), Array(3).fill('mixpanel_unavailable'))
    assert.deepEqual(noted.suspected, [])
  })

  it('is a refusal when it comes again although others are imported: it may quote an event', async () => {
    const sink = aSink(60_000)
    const { deliverBatch, clock } = aDelivery(refusingX(TEMPORARY))

    const delivering = deliverBatch(pendingOf(sink, HUNDRED))
    for (let second = 0; second < 40; second += 1) {
      await clock.advance(1_000)
      await deliverBatch(pendingOf(aSink(), ['g']))
    }
    await delivering

    assert.deepEqual(reasonsOf(sink).sort(), [...Array(99).fill('imported'), 'refused_by_mixpanel'])
  })

  it('does not come back for ever about an event that is sent alone', async () => {
    const { deliverBatch, clock, run } = aDelivery(refusingX(TEMPORARY), { takesMs: 10 })
    const reasons: string[] = []

    for (let delivery = 1; delivery <= 4; delivery += 1) {
      const sink = aSink(clock.monotonic() + 8_000, undefined, 'm')
      void deliverBatch(pendingOf(sink, ['X']))
      await clock.advance(10_000)
      reasons.push(...reasonsOf(sink))
      await run(deliverBatch(pendingOf(aSink(), ['g'])))
    }

    assert.deepEqual(reasons, ['mixpanel_unavailable', 'suspect', 'suspect', 'refused_by_mixpanel'])
  })
})

describe('a 400 that quotes the words of another', () => {
  it('does not pause the gate: an event may say that rate limits are exceeded', async () => {
    const sink = aSink()
    const quoting = answered(400, { error: 'no such event: exceeded rate limits', status: 0 })
    const { deliverBatch, gate } = aDelivery(refusingX(quoting))

    await deliverBatch(pendingOf(sink, HUNDRED))

    assert.equal(gate.isPaused(), false)
    assert.equal(reasonsOf(sink).filter((reason) => reason === 'imported').length, 99)
  })
})
