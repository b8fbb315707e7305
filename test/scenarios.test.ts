import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBatcher } from '../src/batch/batcher.ts'
import { createLinger } from '../src/batch/linger.ts'
import type { Message } from '../src/model/message.ts'
import {
  type Answers,
  aDelivery,
  allImported,
  answered,
  type DeliveryChanges,
} from './deliver/a-delivery.ts'
import { aMessage } from './helpers/builders.ts'
import { ACK_DEADLINE_MS, ANSWER_MS, createLedgerScene } from './helpers/ledger.ts'
import { createPath, dataOf } from './helpers/path.ts'

/** Pub/Sub's shortest back-off by its retry policy, as we recommend it. */
const BACKOFF_MS = 10_000

/** One message as Pub/Sub sees it. */
interface Delivered {
  readonly message: Message
  /** The answer to each delivery, and the time from its push to the answer. */
  readonly answers: { readonly answer: string; readonly afterMs: number }[]
}

/**
 * The path of a message through all its real rooms, on a virtual clock, between a Pub/Sub that
 * delivers again after its back-off and a Mixpanel that answers so.
 */
function aScene(answers: Answers, changes: DeliveryChanges = {}) {
  const delivery = aDelivery(answers, changes)
  const { clock, deliverBatch, runUntil } = delivery
  const batcher = createBatcher(
    { maxEvents: 2_000, maxBytes: 9_500_000, maxConcurrency: 16 },
    {
      clock,
      linger: createLinger(10),
      deliverBatch,
      lateReason: () => 'deadline',
      slotWanted: () => {},
    },
  )
  const { settleMessage, stored } = createPath({
    clock,
    stages: { importEvents: batcher.add },
  })
  const scene = createLedgerScene(settleMessage, { clock, review: batcher.review })

  return { ...delivery, ...scene, clock, stored, deliver, deliverAll, runUntil }

  /** Pushes a message until it is acked. */
  async function deliver(message: Message): Promise<Delivered> {
    const delivered: Delivered = { message, answers: [] }
    while (!delivered.answers.at(-1)?.answer.startsWith('ack')) {
      if (delivered.answers.length > 0) await passed(BACKOFF_MS)
      const pushedAt = clock.monotonic()
      const { kind, reason } = await scene.ledger.settle(message, pushedAt + ANSWER_MS)
      delivered.answers.push({ answer: `${kind} ${reason}`, afterMs: clock.monotonic() - pushedAt })
    }
    return delivered
  }

  /** All at once, each until it is acked; time passes meanwhile. */
  async function deliverAll(messages: readonly Message[]): Promise<readonly Delivered[]> {
    const ends: Delivered[] = []
    for (const message of messages) void deliver(message).then((end) => ends.push(end))
    await runUntil(() => ends.length === messages.length, 50)
    return ends
  }

  function passed(ms: number): Promise<void> {
    return new Promise((resolve) => clock.after(ms, resolve))
  }
}

function messagesOf(names: readonly string[]): Message[] {
  return names.map((name, index) => aMessage({ messageId: `${index + 1}`, data: dataOf(name) }))
}

function deliveriesOf(delivered: readonly Delivered[]): number[] {
  return delivered.map(({ answers }) => answers.length)
}

/** The longest wait for an answer. */
function longestWaitMs(delivered: readonly Delivered[]): number {
  return Math.max(...delivered.flatMap(({ answers }) => answers.map(({ afterMs }) => afterMs)))
}

const OPAQUE = answered(400, {
  error: 'some data points in the request failed validation',
  failed_records: ['no poison here'],
  num_records_imported: 0,
  status: 'Bad Request',
})
const refusingPoison: Answers = (names, attempt) => {
  return names.some((name) => name.startsWith('X')) ? OPAQUE : allImported(names, attempt)
}

/** The names that Mixpanel imported, each as often as it did. */
function importedIn(sent: readonly { readonly texts: readonly string[] }[]): string[] {
  return sent.flatMap(({ texts }) => (texts.some((name) => name.startsWith('X')) ? [] : texts))
}

describe('a Mixpanel slower than the ack deadline', () => {
  it('imports once what took 11 s of a deadline of 10: the redelivery is acked at once', async () => {
    const { deliverAll, sent } = aScene(allImported, { takesMs: 11_000 })

    const [delivered] = await deliverAll(messagesOf(['a']))

    assert.deepEqual(
      delivered?.answers.map(({ answer }) => answer),
      ['nack deadline', 'ack imported'],
    )
    assert.ok((delivered?.answers[0]?.afterMs ?? 0) < ACK_DEADLINE_MS)
    assert.ok((delivered?.answers[1]?.afterMs ?? 0) <= 10)
    assert.equal(sent.length, 1)
  })

  it('is joined by a push that comes 100 ms before the first must be answered', async () => {
    const { push, clock, sent } = aScene(allImported, { takesMs: 11_000 })
    const message = aMessage()

    const first = await push(message)
    await clock.advance(8_900)
    const joiner = await push(message)
    await clock.advance(100)
    assert.deepEqual([first.answer, joiner.answer], ['nack deadline', 'waits'])
    await clock.advance(2_000)

    assert.equal(joiner.answer, 'ack imported')
    assert.equal(sent.length, 1)
  })

  it('does not answer: every push is nacked before its ack deadline, and its event stays pending', async () => {
    const { push, clock, eventTotals, budget } = aScene(() => new Promise(() => {}))

    const pushes = []
    for (const message of messagesOf(['a', 'b', 'c'])) pushes.push(await push(message))
    await clock.advance(ACK_DEADLINE_MS - 1)

    assert.deepEqual(
      pushes.map(({ answer }) => answer),
      ['nack deadline', 'nack deadline', 'nack deadline'],
    )
    assert.partialDeepStrictEqual(eventTotals.snapshot(), { received: 3, returned: 0, pending: 3 })
    assert.ok(budget.held() > 0)
  })
})

describe('one poison event among 2,000', () => {
  for (const takesMs of [500, 1_000]) {
    it(`is found in at most three deliveries at ${takesMs} ms a request, in one message`, async () => {
      const names = Array.from({ length: 2_000 }, (_, at) => (at === 777 ? 'X' : `g${at}`))
      const { deliverAll, sent, stored, eventTotals } = aScene(refusingPoison, { takesMs })

      const [delivered] = await deliverAll([aMessage({ data: dataOf(...names) })])

      assert.ok((delivered?.answers.length ?? 0) <= 3, `${delivered?.answers.length} deliveries`)
      assert.equal(delivered?.answers.at(-1)?.answer, 'ack dead_lettered')
      assert.equal(new Set(importedIn(sent)).size, 1_999)
      assert.equal(importedIn(sent).length, 1_999)
      assert.deepEqual(
        stored.map(({ line }) => line?.number),
        [778],
      )
      assert.ok(sent.length <= 25, `${sent.length} requests`)
      assert.partialDeepStrictEqual(eventTotals.snapshot(), { imported: 1_999, dead_lettered: 1 })
    })

    it(`nacks its neighbours at most twice at ${takesMs} ms a request, each a message`, async () => {
      const names = Array.from({ length: 2_000 }, (_, at) => (at === 777 ? 'X' : `g${at}`))
      const { deliverAll, sent, stored } = aScene(refusingPoison, { takesMs })

      const delivered = await deliverAll(messagesOf(names))

      assert.ok(
        Math.max(...deliveriesOf(delivered)) <= 3,
        `${Math.max(...deliveriesOf(delivered))}`,
      )
      assert.ok(longestWaitMs(delivered) < ACK_DEADLINE_MS)
      assert.equal(stored.length, 1)
      assert.equal(importedIn(sent).length, 1_999)
    })
  }
})

describe('ten poison events among 2,000', () => {
  const scattered = [3, 250, 251, 777, 1_000, 1_024, 1_300, 1_555, 1_900, 1_999]
  const together = Array.from({ length: 10 }, (_, at) => 995 + at)

  for (const [name, places] of Object.entries({ scattered, together })) {
    for (const takesMs of [500, 1_000]) {
      it(`are found in at most three deliveries at ${takesMs} ms a request: ${name}`, async () => {
        const names = Array.from(
          { length: 2_000 },
          (_, at) => `${places.includes(at) ? 'X' : 'g'}${at}`,
        )
        const { deliverAll, sent, stored } = aScene(refusingPoison, { takesMs })

        const [delivered] = await deliverAll([aMessage({ data: dataOf(...names) })])

        assert.ok((delivered?.answers.length ?? 0) <= 3, `${delivered?.answers.length} deliveries`)
        assert.equal(delivered?.answers.at(-1)?.answer, 'ack dead_lettered')
        assert.equal(importedIn(sent).length, 1_990)
        assert.equal(new Set(importedIn(sent)).size, 1_990)
        assert.deepEqual(
          stored.map(({ line }) => Number(line?.number) - 1),
          places,
        )
        assert.ok(sent.length <= 200, `${sent.length} requests`)
      })
    }
  }
})

describe('a Mixpanel that answers 429 for 20 s', () => {
  it('loses and doubles nothing, and is asked at most once a second while it refuses', async () => {
    const scene = aScene((names, attempt) => {
      return scene.clock.monotonic() < 20_000 ? answered(429) : allImported(names, attempt)
    })
    const names = Array.from({ length: 200 }, (_, at) => `g${at}`)

    const delivered = await scene.deliverAll(messagesOf(names))

    assert.ok(longestWaitMs(delivered) < ACK_DEADLINE_MS)
    const refused = scene.sent.filter(({ at }) => at < 20_000)
    assert.ok(refused.length <= 20, `${refused.length} requests`)
    const imported = scene.sent.filter(({ at }) => at >= 20_000).flatMap(({ texts }) => texts)
    assert.deepEqual(imported.sort(), names.sort())
  })
})
