import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'
import { VERSION } from '../version.ts'
import type { EventTotals } from './event-totals.ts'
import { createRuleTotals } from './rule-totals.ts'

export interface MetricsDeps {
  readonly eventTotals: EventTotals
  /** Returns the bytes that the byte budget holds. */
  readonly bufferedBytes: () => number
  /** Returns the events/s that the gate allows at most. */
  readonly rateLimit: () => number
  readonly logLinesDropped: () => number
}

export type Metrics = ReturnType<typeof createMetrics>

const PREFIX = 'pubsub_mixpanel_'
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const LONG_SECONDS = [...SECONDS, 300, 1_800, 7_200, 86_400, 604_800]
const EVENTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000]
const BYTES = [1e3, 1e4, 1e5, 5e5, 1e6, 2e6, 5e6, 1e7]

/**
 * Makes the metrics of the contract, on a registry of their own. Every label has a closed set of
 * values.
 */
export function createMetrics(deps: MetricsDeps) {
  const { eventTotals, bufferedBytes, rateLimit, logLinesDropped } = deps
  const registry = new Registry()
  const registers = [registry]
  const ruleTotals = createRuleTotals()
  /** The pushes that were answered, by reason. Plain numbers: each push counts here. */
  const answers = { ack: new Map<string, number>(), nack: new Map<string, number>() }

  readOnScrape(
    'events_pending',
    'Events received, not settled yet',
    () => eventTotals.snapshot().pending,
  )
  readOnScrape('buffered_bytes', 'Bytes of bodies, decoded text, queued events', bufferedBytes)
  readOnScrape('mixpanel_rate_limit_events_per_second', 'The most events/s sent', rateLimit)
  countEvents()
  countAnswers()
  countRules()
  countLogLines()
  new Gauge({
    name: `${PREFIX}build_info`,
    help: 'The version that runs',
    labelNames: ['version'],
    registers,
  }).set({ version: VERSION }, 1)

  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    bufferedBytes,
    rateLimit,
    answers,
    pushesRefused: counter('pushes_refused_total', 'Pushes refused', ['code']),
    duplicatePushes: counter('duplicate_pushes_total', 'Pushes of a message known already', []),
    countRule: ruleTotals.count,
    emptyMessages: counter('empty_messages_total', 'Messages without an event', []),
    shortfallEvents: counter(
      'mixpanel_shortfall_events_total',
      'Events that Mixpanel left out of its count',
      [],
    ),
    batchEvents: histogram('batch_events', 'Events in one request to Mixpanel', EVENTS, []),
    batchBytes: histogram('batch_bytes', 'Bytes of one request', BYTES, []),
    requestSeconds: histogram('mixpanel_request_seconds', 'One request', SECONDS, ['status']),
    publishToImport: histogram(
      'publish_to_import_seconds',
      'From publish time to the ack of an imported message',
      LONG_SECONDS,
      [],
    ),
    deadLetterWrite: histogram('dead_letter_write_seconds', 'One write', SECONDS, []),
  }

  function counter<Label extends string>(name: string, help: string, labelNames: Label[]) {
    return new Counter({ name: PREFIX + name, help, labelNames, registers })
  }

  function histogram<Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: Label[],
  ) {
    return new Histogram({ name: PREFIX + name, help, buckets, labelNames, registers })
  }

  function readOnScrape(name: string, help: string, read: () => number): void {
    const collect = function (this: Gauge): void {
      this.set(read())
    }
    new Gauge({ name: PREFIX + name, help, registers, collect })
  }

  function countAnswers(): void {
    new Counter({
      name: `${PREFIX}messages_settled_total`,
      help: 'Pushes answered',
      labelNames: ['settlement', 'reason'],
      registers,
      collect() {
        this.reset()
        for (const settlement of ['ack', 'nack'] as const) {
          for (const [reason, count] of answers[settlement]) this.inc({ settlement, reason }, count)
        }
      },
    })
  }

  function countLogLines(): void {
    new Counter({
      name: `${PREFIX}log_lines_dropped_total`,
      help: 'Log lines that could not be written',
      registers,
      collect() {
        this.reset()
        this.inc(logLinesDropped())
      },
    })
  }

  function countRules(): void {
    new Counter({
      name: `${PREFIX}rule_events_total`,
      help: 'Events on which a rule of the mapping had an effect',
      labelNames: ['rule', 'effect'],
      registers,
      collect() {
        this.reset()
        for (const { rule, effect, count } of ruleTotals.all()) this.inc({ rule, effect }, count)
      },
    })
  }

  function countEvents(): void {
    new Counter({
      name: `${PREFIX}events_received_total`,
      help: 'Events received: lines, children of a transform, undecodable messages',
      registers,
      collect() {
        this.reset()
        this.inc(eventTotals.snapshot().received)
      },
    })
    new Counter({
      name: `${PREFIX}events_settled_total`,
      help: 'Events settled',
      labelNames: ['outcome', 'reason'],
      registers,
      collect() {
        this.reset()
        for (const { destination, reason, count } of eventTotals.byReason()) {
          this.inc({ outcome: destination, reason }, count)
        }
      },
    })
  }
}
