import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { explainMessage } from '../../../src/cli/page/explain-message.ts'
import { type Facts, viewMessage } from '../../../src/cli/page/message-view.ts'
import type { RecentMessage, SeenDelivery } from '../../../src/cli/page/recent-messages.ts'
import { loadEventSettings } from '../../../src/config/settings.ts'
import { asPublished, createTransform } from '../../../src/transform/transform.ts'

const GOOD = '{"event":"a","properties":{"distinct_id":"u"}}'
const NOTHING: Facts = { letter: () => undefined, copies: () => 0 }
const NACK: SeenDelivery = {
  kind: 'delivered',
  messageId: '7',
  answer: '503',
  settlement: 'nack',
  code: 'THROTTLED',
  attempt: 1,
  again: 'first',
  tookMs: 1,
  at: 0,
}
const ACK: SeenDelivery = { ...NACK, answer: '204', settlement: 'ack' }

async function view(
  data: string | Buffer,
  { deliveries = [ACK], facts = NOTHING, transform = asPublished } = {},
) {
  const recent: RecentMessage = {
    message: {
      messageId: '7',
      publishTime: '2026-11-24T09:00:00Z',
      data: Buffer.from(data),
      attributes: {},
    },
    deliveries,
  }
  const explained = await explainMessage(recent.message, { transform }, loadEventSettings({}))
  return viewMessage(recent, explained, facts)
}

/** A delivery may be an ack or a nack. */
const deliveries = (...all: SeenDelivery[]) => ({ deliveries: all })

describe('the view of a message', () => {
  for (const [outcome, options] of [
    ['waiting', deliveries()],
    ['returned', deliveries(NACK)],
    ['not_found', deliveries(NACK, ACK)],
    ['imported', { facts: { ...NOTHING, copies: (id: string) => (id === '7-1' ? 2 : 0) } }],
    ['imported', { ...deliveries(NACK), facts: { ...NOTHING, copies: () => 1 } }],
    [
      'dead_lettered',
      { facts: { ...NOTHING, letter: (id: string) => (id === '7-1' ? LETTER() : undefined) } },
    ],
    [
      'dead_lettered',
      { facts: { ...NOTHING, letter: (id: string) => (id === '7-0' ? LETTER() : undefined) } },
    ],
  ] as const) {
    it(`says that a good event is ${outcome}, by what is known of it`, async () => {
      const { events } = await view(GOOD, options as Parameters<typeof view>[1])

      assert.equal(events[0]?.outcome, outcome)
    })
  }

  it('says of an event that a rule drops which one does, once the message is acked', async () => {
    const transform = createTransform(() => null)

    const [acked] = (await view(GOOD, { transform })).events
    const [nacked] = (await view(GOOD, { transform, ...deliveries(NACK) })).events

    assert.partialDeepStrictEqual(acked, { outcome: 'dropped', rule: 'transform' })
    assert.partialDeepStrictEqual(nacked, { outcome: 'returned', reason: 'THROTTLED' })
  })

  it('names the children that a transform makes of a line', async () => {
    const event = { event: 'a', properties: { distinct_id: 'u' } }
    const transform = createTransform(() => [event, event])
    const facts = { ...NOTHING, letter: (id: string) => (id === '7-1-2' ? LETTER() : undefined) }

    const { events } = await view(GOOD, { transform, facts })

    assert.deepEqual(
      events.map(({ child, outcome }) => [child, outcome]),
      [
        [1, 'not_found'],
        [2, 'dead_lettered'],
      ],
    )
  })

  it('shows data that cannot be read as one event, with the reason', async () => {
    const { events } = await view(gzipSync(GOOD).subarray(0, 30), deliveries(NACK))

    assert.equal(events.length, 1)
    assert.equal(events[0]?.line, 0)
    assert.match(events[0]?.detail ?? '', /gzip/)
  })

  it('shows the text of gzip, and says of other bytes that they are none', async () => {
    assert.equal((await view(gzipSync(GOOD))).text, GOOD)
    assert.equal((await view(Buffer.from([0xff, 0xfe, 0x00]))).text, '(3 bytes that are no text)')
    assert.equal(
      (await view(gzipSync(Buffer.alloc(4_000_000)))).text,
      '(gzip that is damaged, or long)',
    )
  })

  it('is bounded: it has the first 200 lines, and the beginning of each text', async () => {
    const long = `{"event":"${'x'.repeat(10_000)}"}`

    const { events, moreLines, text } = await view(`${long}\n`.repeat(300))

    assert.deepEqual([events.length, moreLines], [200, 100])
    assert.ok(text.length <= 4_001 && (events[0]?.input.length ?? 0) <= 4_001)
  })
})

function LETTER() {
  return { reason: 'invalid_event', detail: 'd', field: 'f' }
}
