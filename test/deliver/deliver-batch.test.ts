import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ImportAnswer } from '../../src/deliver/answer.ts'
import { createDeliverBatch } from '../../src/deliver/deliver-batch.ts'
import { createGate } from '../../src/deliver/gate.ts'
import type { ImportBody } from '../../src/deliver/import-body.ts'
import type { AttemptPolicy } from '../../src/deliver/mixpanel-client.ts'
import type { Verdict } from '../../src/deliver/verdict.ts'
import { createLimit } from '../../src/lib/semaphore.ts'
import type { Traveller } from '../../src/model/journey.ts'
import { IMPORTED } from '../../src/model/outcome.ts'
import { aParty, aPreparedEvent, aTraveller, type NotingParty } from '../helpers/builders.ts'
import { createFakeClock, settlePromises } from '../helpers/fake-clock.ts'

/** With a chance of one half: 1 s, 2 s, 4 s … between attempts. */
const OPTIONS = { initialMs: 2_000, maxMs: 60_000, maxEventsPerSecond: 1_000_000 }

type Answers = (texts: readonly string[], attempt: number) => ImportAnswer | Promise<ImportAnswer>

const allImported: Answers = (texts) => answered(200, { num_records_imported: texts.length })
const always =
  (answer: ImportAnswer): Answers =>
  () =>
    answer

function answered(status: number, body: unknown = {}, retryAfter?: string): ImportAnswer {
  const answer = { kind: 'answered', status, body: JSON.stringify(body) } as const
  return retryAfter === undefined ? answer : { ...answer, retryAfter }
}

/** Takes each answer in turn, the last one again and again. */
function inTurn(...answers: readonly (ImportAnswer | Answers)[]): Answers {
  let next = 0
  return (texts, attempt) => {
    const answer = answers[Math.min(next, answers.length - 1)] ?? answered(500)
    next += 1
    return typeof answer === 'function' ? answer(texts, attempt) : answer
  }
}

/** Delivers to a Mixpanel that answers so, and notes what was sent when. */
function aDelivery(answers: Answers) {
  const clock = createFakeClock()
  const gate = createGate(OPTIONS, { clock, random: () => 0.5 })
  const verdicts: Verdict['kind'][] = []
  const sent: { at: number; text: string }[] = []
  const deliverBatch = createDeliverBatch({
    client: { send },
    gate,
    gzipLimit: createLimit(1),
    heard: ({ kind }) => verdicts.push(kind),
  })
  return { clock, gate, verdicts, sent, deliverBatch, sentAt: () => sent.map(({ at }) => at) }

  async function send(body: ImportBody, policy: AttemptPolicy): Promise<ImportAnswer> {
    const text = body.bytes.toString()
    const texts = text.slice(1, -1).split(',')
    assert.equal(policy.events, texts.length)
    for (let attempt = 1; ; attempt++) {
      sent.push({ at: clock.monotonic(), text })
      const answer = await answers(texts, attempt)
      if (!policy.retryable(answer) || !(await policy.waitTurn(attempt, answer))) return answer
    }
  }
}

/** One traveller for each text, of one party. */
function travellersOf(party: NotingParty, texts: readonly string[] = ['a', 'b', 'c']): Traveller[] {
  return texts.map((text) => aTraveller(party, aPreparedEvent({ text })))
}

/** The outcomes of a party, under the texts of its events. */
function outcomesOf(party: NotingParty) {
  return Object.fromEntries(
    party.arrivals.map(({ journey, outcome }) => [journey.event?.text, outcome]),
  )
}

function reasonsOf(party: NotingParty): unknown[] {
  return party.arrivals.map(({ outcome }) => ('reason' in outcome ? outcome.reason : outcome.kind))
}

describe('delivering a batch', () => {
  it('tells every traveller’s party that it is imported, when all are', async () => {
    const [one, other] = [aParty(), aParty()]
    const { deliverBatch, sent } = aDelivery(allImported)

    await deliverBatch([...travellersOf(one, ['a', 'b']), ...travellersOf(other, ['c'])])

    assert.deepEqual(outcomesOf(one), { a: IMPORTED, b: IMPORTED })
    assert.deepEqual(outcomesOf(other), { c: IMPORTED })
    assert.equal(sent[0]?.text, '[a,b,c]')
  })

  it('tells each its own outcome, when some are refused', async () => {
    const party = aParty()
    const { deliverBatch, sent } = aDelivery(
      always(
        answered(400, {
          failed_records: [{ index: 1, field: 'event', message: 'no' }],
          num_records_imported: 2,
        }),
      ),
    )

    await deliverBatch(travellersOf(party))

    const refused = {
      kind: 'rejected',
      reason: 'refused_by_mixpanel',
      field: 'event',
      detail: 'no',
    }
    assert.deepEqual(outcomesOf(party), { a: IMPORTED, b: refused, c: IMPORTED })
    assert.equal(sent.length, 1)
  })

  it('sends the same bytes again, after the back-off, until the answer is final', async () => {
    const party = aParty()
    const timedOut = { kind: 'unanswered', reason: 'mixpanel_timeout' } as const
    const { deliverBatch, clock, sent, sentAt, verdicts } = aDelivery(
      inTurn(answered(503), timedOut, answered(429), allImported),
    )

    const delivering = deliverBatch(travellersOf(party))
    await clock.advance(10_000)
    await delivering

    assert.deepEqual(sentAt(), [0, 1_000, 3_000, 7_000])
    for (const { text } of sent) assert.equal(text, '[a,b,c]')
    assert.deepEqual(reasonsOf(party), ['imported', 'imported', 'imported'])
    assert.deepEqual(verdicts, ['retry', 'retry', 'retry', 'imported'])
  })

  it('gives back, with the reason of the last answer, what cannot be tried again in time', async () => {
    const party = aParty(3_000)
    const { deliverBatch, clock, sentAt } = aDelivery(inTurn(answered(429), answered(503)))

    const delivering = deliverBatch(travellersOf(party))
    await clock.advance(1_000)
    await delivering

    assert.deepEqual(sentAt(), [0, 1_000])
    assert.deepEqual(
      reasonsOf(party),
      Array.from({ length: 3 }, () => 'mixpanel_unavailable'),
    )
  })

  it('keeps trying for a party that was given more time', async () => {
    const party = aParty(3_000)
    const { deliverBatch, clock, sentAt } = aDelivery(always(answered(503)))
    const delivering = deliverBatch(travellersOf(party))
    await clock.advance(500)

    party.deliverBy = 10_000
    await clock.advance(10_000)
    await delivering

    assert.deepEqual(sentAt(), [0, 1_000, 3_000, 7_000])
  })

  it('keeps trying as long as one of its parties has time', async () => {
    const [hasty, patient] = [aParty(500), aParty(5_000)]
    const { deliverBatch, clock, sentAt } = aDelivery(
      inTurn(answered(503), answered(503), allImported),
    )

    const delivering = deliverBatch([...travellersOf(patient), ...travellersOf(hasty, ['d'])])
    await clock.advance(5_000)
    await delivering

    assert.deepEqual(sentAt(), [0, 1_000, 3_000])
    assert.deepEqual(reasonsOf(hasty), ['imported'])
  })

  it('sends nothing whose time is up', async () => {
    const party = aParty(100)
    const { deliverBatch, clock, sent } = aDelivery(allImported)
    await clock.advance(100)

    await deliverBatch(travellersOf(party, ['a']))

    assert.deepEqual(sent, [])
    assert.deepEqual(reasonsOf(party), ['deadline'])
  })

  it('sends nothing while Mixpanel wants to be left alone for longer than there is time', async () => {
    const [first, second] = [aParty(5_000), aParty(5_000)]
    const { deliverBatch, sent } = aDelivery(always(answered(429, {}, '30')))

    await deliverBatch(travellersOf(first, ['a']))
    await deliverBatch(travellersOf(second, ['b']))

    assert.equal(sent.length, 1)
    assert.deepEqual([...reasonsOf(first), ...reasonsOf(second)], ['throttled', 'throttled'])
  })

  const holdUps = [
    { name: '429', answer: answered(429), waitsMs: 1_000 },
    { name: '429 with a Retry-After', answer: answered(429, {}, '5'), waitsMs: 5_000 },
    { name: '503 with a Retry-After', answer: answered(503, {}, '5'), waitsMs: 5_000 },
    { name: '503', answer: answered(503), waitsMs: 0 },
  ]
  for (const { name, answer, waitsMs } of holdUps) {
    it(`holds every other batch up for ${waitsMs} ms after ${name}`, async () => {
      const { deliverBatch, clock, sent } = aDelivery(inTurn(answer, allImported))

      const delivering = deliverBatch(travellersOf(aParty(), ['a']))
      await settlePromises()
      const other = deliverBatch(travellersOf(aParty(), ['b']))
      await clock.advance(10_000)
      await Promise.all([delivering, other])

      assert.equal(sent.find(({ text }) => text === '[b]')?.at, waitsMs)
    })
  }

  it('asks once when the credentials are refused, and rejects nothing', async () => {
    const party = aParty()
    const { deliverBatch, sent, verdicts } = aDelivery(always(answered(401)))

    await deliverBatch(travellersOf(party))

    assert.equal(sent.length, 1)
    assert.deepEqual(reasonsOf(party), ['misconfigured', 'misconfigured', 'misconfigured'])
    assert.deepEqual(verdicts, ['misconfigured'])
  })

  it('halves a batch that is too large until the event at fault stands alone', async () => {
    const party = aParty()
    const { deliverBatch, sent } = aDelivery((texts, attempt) =>
      texts.includes('X') ? answered(413) : allImported(texts, attempt),
    )

    await deliverBatch(travellersOf(party, ['a', 'b', 'c', 'X', 'e']))

    assert.deepEqual(
      sent.map(({ text }) => text),
      ['[a,b,c,X,e]', '[a,b,c]', '[X,e]', '[X]', '[e]'],
    )
    assert.partialDeepStrictEqual(outcomesOf(party), {
      a: IMPORTED,
      b: IMPORTED,
      c: IMPORTED,
      X: { kind: 'rejected', reason: 'too_large' },
      e: IMPORTED,
    })
  })

  it('gives back the half whose time was up before its turn', async () => {
    const [first, second] = [aParty(5_000), aParty(900)]
    const { deliverBatch, clock, sent } = aDelivery(
      inTurn(answered(413), answered(503), allImported),
    )

    const delivering = deliverBatch([...travellersOf(first, ['a']), ...travellersOf(second, ['b'])])
    await clock.advance(1_000)
    await delivering

    assert.deepEqual(
      sent.map(({ text }) => text),
      ['[a,b]', '[a]', '[a]'],
    )
    assert.deepEqual([...reasonsOf(first), ...reasonsOf(second)], ['imported', 'deadline'])
  })

  it('gives back at once, when it drains, what waits for another attempt', async () => {
    const party = aParty(50_000)
    const { deliverBatch, clock, gate, sent } = aDelivery(always(answered(503, {}, '30')))
    const delivering = deliverBatch(travellersOf(party, ['a']))
    await clock.advance(1_000)

    gate.drain()
    await delivering

    assert.equal(sent.length, 1)
    assert.deepEqual(reasonsOf(party), ['mixpanel_unavailable'])
  })

  it('gives back at once, when it drains, what waits for its first', async () => {
    const party = aParty(50_000)
    const { deliverBatch, gate, sent } = aDelivery(allImported)
    gate.closeFor({ attempt: 1, retryAfter: '30' })
    const delivering = deliverBatch(travellersOf(party, ['a']))
    await settlePromises()

    gate.drain()
    await delivering

    assert.deepEqual(sent, [])
    assert.deepEqual(reasonsOf(party), ['draining'])
  })

  it('gives back at once, when it drains, what would have to be split', async () => {
    const party = aParty()
    const { deliverBatch, gate, sent } = aDelivery(always(answered(413)))
    gate.drain()

    await deliverBatch(travellersOf(party, ['a', 'b']))

    assert.equal(sent.length, 1)
    assert.deepEqual(reasonsOf(party), ['draining', 'draining'])
  })

  it('rejects on a bug', async () => {
    const { deliverBatch } = aDelivery(() => Promise.reject(new Error('a bug')))

    await assert.rejects(deliverBatch(travellersOf(aParty())), /a bug/)
  })

  it('imports all that Mixpanel takes, once each, whichever events are too large', async () => {
    const events = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 })
    const refusal = fc.constantFrom(
      answered(413),
      answered(400, { error: 'json decode error: http: request body too large', status: 0 }),
    )
    await fc.assert(
      fc.asyncProperty(events, refusal, async (sizes, tooLarge) => {
        const party = aParty()
        const texts = sizes.map((size, index) => `${index}-`.padEnd(size, 'x'))
        const { deliverBatch } = aDelivery((some, attempt) =>
          some.join().length > 8 ? tooLarge : allImported(some, attempt),
        )

        await deliverBatch(travellersOf(party, texts))

        assert.equal(party.arrivals.length, texts.length)
        const outcomes = outcomesOf(party)
        for (const text of texts) {
          assert.equal(outcomes[text]?.kind, text.length > 8 ? 'rejected' : 'imported')
        }
      }),
    )
  })
})
