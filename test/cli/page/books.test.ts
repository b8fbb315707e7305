import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readBooks } from '../../../src/cli/page/books.ts'
import { IMPORTED, rejected } from '../../../src/model/outcome.ts'
import { createEventTotals } from '../../../src/telemetry/event-totals.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'

describe('the books', () => {
  it('are read from the metrics of the service, all reasons together', async () => {
    const eventTotals = createEventTotals()
    const zero = () => 0
    const metrics = createMetrics({
      eventTotals,
      bufferedBytes: zero,
      rateLimit: zero,
      logLinesDropped: zero,
    })
    const dropped = (rule: string) => ({ kind: 'dropped', rule }) as const
    eventTotals.receive(20)
    eventTotals.settle(
      [
        { outcome: IMPORTED, count: 3 },
        { outcome: rejected('invalid_json', ''), count: 2 },
        { outcome: rejected('too_large', ''), count: 1 },
        { outcome: dropped('a{b="}'), count: 4 },
        { outcome: dropped('c'), count: 1 },
      ],
      { kind: 'ack', reason: 'imported', status: 204 },
    )
    eventTotals.settle([{ outcome: { kind: 'retry', reason: 'deadline' }, count: 5 }], {
      kind: 'nack',
      reason: 'deadline',
      status: 503,
    })

    const books = readBooks(await metrics.text())

    assert.deepEqual(books, {
      received: 20,
      imported: 3,
      dead_lettered: 3,
      dropped: 5,
      returned: 5,
      pending: 4,
    })
  })

  it('are absent when nothing like metrics has answered', () => {
    assert.equal(readBooks('<html>'), undefined)
    assert.equal(readBooks('pubsub_mixpanel_events_pending 1\n'), undefined)
  })
})
