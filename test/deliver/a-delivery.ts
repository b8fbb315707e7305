import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import type { ImportAnswer } from '../../src/deliver/answer.ts'
import { createDeliverBatch } from '../../src/deliver/deliver-batch.ts'
import { createGate } from '../../src/deliver/gate.ts'
import { createHolding } from '../../src/deliver/holding.ts'
import type { ImportBody } from '../../src/deliver/import-body.ts'
import type { AttemptPolicy } from '../../src/deliver/mixpanel-client.ts'
import { createRefusals } from '../../src/deliver/refusals.ts'
import { createTrust } from '../../src/deliver/trust.ts'
import type { EventOutcome } from '../../src/model/outcome.ts'
import type { PendingEvent } from '../../src/model/pending-event.ts'
import { aPendingEvent, aPreparedEvent, type RecordingSink } from '../helpers/builders.ts'
import { createFakeClock, settlePromises } from '../helpers/fake-clock.ts'

/** With a chance of one half: 1 s, 2 s, 4 s … between attempts. */
const OPTIONS = { initialMs: 2_000, maxMs: 60_000, maxEventsPerSecond: 10_000_000 }

/** Returns Mixpanel's answer to a batch of events with these texts. */
export type Answers = (
  texts: readonly string[],
  attempt: number,
) => ImportAnswer | Promise<ImportAnswer>

export const allImported: Answers = (texts) => {
  return answered(200, { num_records_imported: texts.length, status: 'OK' })
}

export function always(answer: ImportAnswer): Answers {
  return () => answer
}

export function answered(status: number, body: unknown = {}, retryAfter?: string): ImportAnswer {
  const answer = { kind: 'answered', status, body: JSON.stringify(body) } as const
  return retryAfter === undefined ? answer : { ...answer, retryAfter }
}

/** Mixpanel's own answer to a body that is too large. */
export const TOO_LARGE = answered(413, { code: 413, error: 'too large', status: 'Too Large' })

/** Takes each answer in turn, the last one again and again. */
export function inTurn(...answers: readonly (ImportAnswer | Answers)[]): Answers {
  let next = 0
  return (texts, attempt) => {
    const answer = answers[Math.min(next, answers.length - 1)] ?? answered(500)
    next += 1
    return typeof answer === 'function' ? answer(texts, attempt) : answer
  }
}

export interface DeliveryChanges {
  /** How long each request takes. */
  readonly takesMs?: number
  readonly maxConcurrency?: number
  /** In [0, 1): which half of a batch comes first. */
  readonly random?: () => number
}

/** Makes a delivery to a Mixpanel that gives these answers, and notes each request. */
export function aDelivery(answers: Answers, changes: DeliveryChanges = {}) {
  const { takesMs = 0, maxConcurrency = 16, random = () => 0 } = changes
  const clock = createFakeClock()
  let gzips = 0
  const gate = createGate({ ...OPTIONS, maxConcurrency }, { clock, random: () => 0.5 })
  const trust = createTrust()
  const holding = createHolding(clock)
  const sent: { at: number; texts: readonly string[]; encoding: string }[] = []
  const noted = {
    yielded: [] as (readonly PendingEvent[])[],
    misconfigured: [] as number[],
    shortfalls: [] as number[],
    suspected: [] as number[],
    underWay: 0,
    most: 0,
  }
  const deliverBatch = createDeliverBatch({
    client: { send },
    gate,
    trust,
    refusals: createRefusals(trust, clock),
    holding,
    clock,
    random,
    gzipLimit: counted,
    misconfigured: (status) => noted.misconfigured.push(status),
    yielded: (batch) => noted.yielded.push(batch),
    shortfall: (events) => noted.shortfalls.push(events),
    suspected: (events) => noted.suspected.push(events),
  })
  return {
    clock,
    gate,
    trust,
    holding,
    sent,
    noted,
    deliverBatch,
    run,
    runUntil,
    sentAt,
    sentTexts,
  }

  /** Lets as much time pass as a delivery takes. */
  async function run(delivering: Promise<void>): Promise<void> {
    let running = true
    const end = delivering.finally(() => {
      running = false
    })
    await runUntil(() => !running, takesMs)
    return end
  }

  /** Lets time pass, a step at a time; none while a body is gzipped, which takes real time. */
  async function runUntil(done: () => boolean, stepMs: number): Promise<void> {
    while (!done()) {
      await settlePromises()
      if (gzips === 0) await clock.advance(stepMs)
    }
  }

  async function counted<T>(task: () => Promise<T>): Promise<T> {
    gzips += 1
    return task().finally(() => {
      gzips -= 1
    })
  }

  async function send(body: ImportBody, policy: AttemptPolicy): Promise<ImportAnswer> {
    const texts = textsIn(body)
    assert.equal(policy.events, texts.length)
    for (let attempt = 1; ; attempt++) {
      sent.push({ at: clock.monotonic(), texts, encoding: body.encoding })
      noted.most = Math.max(noted.most, ++noted.underWay)
      const answer = await answers(texts, attempt)
      if (takesMs > 0) await new Promise<void>((resolve) => clock.after(takesMs, resolve))
      noted.underWay -= 1
      if (!policy.onAnswer(answer) || !(await policy.nextAttempt(attempt, answer))) return answer
    }
  }

  function sentAt(): number[] {
    return sent.map(({ at }) => at)
  }

  function sentTexts(): string[] {
    return sent.map(({ texts }) => texts.join())
  }
}

/** Returns the names of real events, and the texts of made-up ones. */
function textsIn({ bytes, encoding }: ImportBody): readonly string[] {
  const text = (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString()
  if (!text.startsWith('[{')) return text.slice(1, -1).split(',')
  const events: { event: string }[] = JSON.parse(text)
  return events.map(({ event }) => event)
}

/** Makes one pending event for each text, all of one message. */
export function pendingOf(
  sink: RecordingSink,
  texts: readonly string[] = ['a', 'b', 'c'],
): PendingEvent[] {
  return texts.map((text, place) => ({
    ...aPendingEvent(sink, aPreparedEvent({ text, insertId: text })),
    place,
  }))
}

/** Returns the outcomes of a sink, under the texts of its events. */
export function outcomesOf(sink: RecordingSink): Record<string, EventOutcome> {
  return Object.fromEntries(
    sink.arrivals.map(({ event, outcome }) => [event.prepared?.text ?? '', outcome]),
  )
}

/** Why each event of a sink goes back or is rejected, or how else it ended, in order of arrival. */
export function reasonsOf(sink: RecordingSink): string[] {
  return sink.arrivals.map(({ outcome }) => ('reason' in outcome ? outcome.reason : outcome.kind))
}
