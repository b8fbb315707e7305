import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IMPORTED, retry } from '../../src/model/outcome.ts'
import { nack } from '../../src/settle/settlement-of.ts'
import { createEventTotals } from '../../src/telemetry/event-totals.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'

/** The metrics that the contract names. */
const CONTRACT = [
  'counter log_lines_dropped_total',
  'counter messages_settled_total{settlement,reason}',
  'counter events_received_total',
  'counter events_settled_total{outcome,reason}',
  'counter rule_events_total{rule,effect}',
  'gauge events_pending',
  'counter pushes_refused_total{code}',
  'counter duplicate_pushes_total',
  'counter empty_messages_total',
  'histogram batch_events',
  'histogram batch_bytes',
  'histogram mixpanel_request_seconds{status}',
  'counter mixpanel_shortfall_events_total',
  'gauge mixpanel_rate_limit_events_per_second',
  'histogram publish_to_import_seconds',
  'gauge buffered_bytes',
  'histogram dead_letter_write_seconds',
  'gauge build_info{version}',
]

describe('the metrics', () => {
  it('are those of the contract, with their types and labels', async () => {
    const { metrics, eventTotals } = createScene()
    eventTotals.receive(1)
    eventTotals.settle([{ outcome: IMPORTED, count: 1 }], {
      kind: 'ack',
      reason: 'imported',
      status: 204,
    })
    metrics.answers.ack.set('imported', 1)
    metrics.pushesRefused.inc({ code: 'DRAINING' })
    metrics.countRule('orders', 'matched')
    metrics.requestSeconds.observe({ status: 200 }, 1)

    assert.deepEqual(described(await metrics.text()).sort(), [...CONTRACT].sort())
  })

  it('are there before anything has happened', async () => {
    const { metrics } = createScene()

    const text = await metrics.text()

    for (const name of ['events_received_total', 'duplicate_pushes_total', 'events_pending']) {
      assert.equal(sampleOf(text, name), '0')
    }
  })

  it('show the event totals as they are at the scrape', async () => {
    const { metrics, eventTotals } = createScene()
    eventTotals.receive(5)
    eventTotals.settle(
      [
        { outcome: IMPORTED, count: 2 },
        { outcome: retry('deadline'), count: 1 },
      ],
      nack('deadline'),
    )
    await metrics.text()

    const scrape = metrics.text()
    eventTotals.receive(100)
    const text = await scrape

    assert.equal(sampleOf(text, 'events_received_total'), '5')
    assert.equal(sampleOf(text, 'events_settled_total{outcome="imported",reason=""}'), '2')
    assert.equal(sampleOf(text, 'events_settled_total{outcome="returned",reason="deadline"}'), '1')
    assert.equal(sampleOf(text, 'events_pending'), '2')
  })

  it('show the effects of each rule', async () => {
    const { metrics } = createScene()
    metrics.countRule('orders', 'matched')
    metrics.countRule('orders', 'matched')
    metrics.countRule('orders', 'error')
    metrics.countRule('segment: alias', 'dropped')
    await metrics.text()

    const text = await metrics.text()

    assert.equal(sampleOf(text, 'rule_events_total{rule="orders",effect="matched"}'), '2')
    assert.equal(sampleOf(text, 'rule_events_total{rule="orders",effect="error"}'), '1')
    assert.equal(sampleOf(text, 'rule_events_total{rule="segment: alias",effect="dropped"}'), '1')
  })

  it('show what is held and sent at most, as it is at the scrape', async () => {
    const { metrics } = createScene({
      bufferedBytes: 1_234,
      rateLimit: 30_000,
      logLinesDropped: 7,
    })

    const text = await metrics.text()

    assert.equal(sampleOf(text, 'buffered_bytes'), '1234')
    assert.equal(sampleOf(text, 'log_lines_dropped_total'), '7')
    assert.equal(sampleOf(text, 'mixpanel_rate_limit_events_per_second'), '30000')
  })

  it('of two services are apart', async () => {
    const [one, other] = [createScene(), createScene()]

    one.metrics.duplicatePushes.inc()

    assert.equal(sampleOf(await other.metrics.text(), 'duplicate_pushes_total'), '0')
  })
})

function createScene({ bufferedBytes = 0, rateLimit = 0, logLinesDropped = 0 } = {}) {
  const eventTotals = createEventTotals()
  const deps = {
    eventTotals,
    bufferedBytes: () => bufferedBytes,
    rateLimit: () => rateLimit,
    logLinesDropped: () => logLinesDropped,
  }
  return { eventTotals, metrics: createMetrics(deps) }
}

/** `type name{label,label}` of each metric in a scrape; `le` belongs to every histogram. */
function described(text: string): string[] {
  return [...text.matchAll(/^# TYPE pubsub_mixpanel_(\S+) (\S+)$/gm)].map(([, name, type]) => {
    const [, sample = ''] =
      new RegExp(`^pubsub_mixpanel_${name}(?:_bucket)?\\{(.*)\\}`, 'm').exec(text) ?? []
    const labels = [...sample.matchAll(/(\w+)="/g)].flatMap(([, label]) =>
      label === 'le' ? [] : label,
    )
    return `${type} ${name}${labels.length > 0 ? `{${labels.join(',')}}` : ''}`
  })
}

function sampleOf(text: string, sample: string): string | undefined {
  const start = `pubsub_mixpanel_${sample} `
  const line = text.split('\n').find((line) => line.startsWith(start))
  return line?.slice(start.length)
}
