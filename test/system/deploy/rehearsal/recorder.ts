import { LOG_METRICS, type LogMetric, NAME } from '../alerts.ts'
import { promqlName } from '../google-metrics.ts'
import { extracted, passes } from '../log-filter.ts'
import type { Labels, Series } from './promql.ts'

/** The numbers of a subscription at an instant, as Pub/Sub's metrics have them. */
export interface SubscriptionNumbers {
  readonly subscription: string
  readonly undelivered: number
  readonly oldestAgeSeconds: number
  /** The totals of pushes by their class of answer; none for a subscription that is pulled. */
  readonly pushes: Readonly<Record<string, number>>
}

/** Keeps numbers and log lines as series, under the names that they have in Cloud Monitoring. */
export interface Recorder {
  /** Notes the values of an instant. */
  note(at: number, numbers: readonly SubscriptionNumbers[], logLines: readonly string[]): void
  /** Notes the service's own metrics, as a collector on Cloud Run sends them. */
  collect(at: number, metrics: string): void
  readonly series: readonly Series[]
  readonly entries: readonly object[]
}

type GrowingSeries = Series & { readonly samples: { at: number; value: number }[] }

/** One sample in the text of Prometheus. */
const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)$/gm
const OF_SERVICE = { monitored_resource: 'cloud_run_revision', service_name: NAME }
const PUBSUB = 'pubsub.googleapis.com/subscription'

export function createRecorder(): Recorder {
  const byKey = new Map<string, GrowingSeries>()
  const series: GrowingSeries[] = []
  const entries: object[] = []
  const counts = new Map<string, number>()
  return { note, collect, series, entries }

  function note(
    at: number,
    numbers: readonly SubscriptionNumbers[],
    logLines: readonly string[],
  ): void {
    for (const { subscription, undelivered, oldestAgeSeconds, pushes } of numbers) {
      const labels = { monitored_resource: 'pubsub_subscription', subscription_id: subscription }
      add(at, promqlName(`${PUBSUB}/num_undelivered_messages`), labels, undelivered)
      add(at, promqlName(`${PUBSUB}/oldest_unacked_message_age`), labels, oldestAgeSeconds)
      for (const [response_class, count] of Object.entries(pushes)) {
        add(at, promqlName(`${PUBSUB}/push_request_count`), { ...labels, response_class }, count)
      }
    }
    for (const line of logLines.slice(entries.length)) noteLine(line)
    for (const [key, count] of counts) {
      const { name, ...labels } = JSON.parse(key)
      add(at, name, labels, count)
    }
  }

  function collect(at: number, metrics: string): void {
    for (const [, name = '', labels = '', value] of metrics.matchAll(SAMPLE)) {
      const own = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', text]) => [
        label,
        text,
      ])
      const all = { cluster: '__run__', namespace: NAME, ...Object.fromEntries(own) }
      add(at, name, all, Number(value))
    }
  }

  /** Adds an entry of the log to the metrics that take a number from it. */
  function noteLine(line: string): void {
    const labels = { service_name: NAME }
    const entry = {
      resource: { type: 'cloud_run_revision', labels },
      jsonPayload: JSON.parse(line),
    }
    entries.push(entry)
    for (const metric of LOG_METRICS) if (passes(metric.filter, entry)) count(metric, entry)
  }

  /** A distribution takes a number from an entry, and nothing when it has none. A counter adds one. */
  function count({ name, extractor, bounds, labels }: LogMetric, entry: object): void {
    const metric = `logging.googleapis.com/user/${name}`
    if (extractor === undefined) {
      increase({ name: promqlName(metric), ...OF_SERVICE, ...valuesOf(labels, entry) }, 1)
      return
    }
    const value = extracted(extractor, entry)
    if (typeof value === 'number') distribute(metric, bounds, value)
  }

  function distribute(metric: string, bounds: readonly number[], value: number): void {
    const name = promqlName(metric)
    increase({ name: `${name}_sum`, ...OF_SERVICE }, value)
    for (const end of [...bounds, Number.POSITIVE_INFINITY]) {
      const le = end === Number.POSITIVE_INFINITY ? '+Inf' : String(end)
      // A value that is the end of a bucket lies in the next one, as Cloud Monitoring counts.
      increase({ name: `${name}_bucket`, ...OF_SERVICE, le }, value < end ? 1 : 0)
    }
  }

  function increase(key: Labels, by: number): void {
    const text = JSON.stringify(key)
    counts.set(text, (counts.get(text) ?? 0) + by)
  }

  function add(at: number, name: string, labels: Labels, value: number): void {
    const key = `${name} ${JSON.stringify(labels)}`
    const one = byKey.get(key) ?? { name, labels, samples: [] }
    if (!byKey.has(key)) series.push(one)
    byKey.set(key, one)
    one.samples.push({ at, value })
  }
}

function valuesOf(extractors: Labels, entry: object): Labels {
  const values = Object.entries(extractors).map(([label, text]) => [label, extracted(text, entry)])
  return Object.fromEntries(values.map(([label, value]) => [label, String(value)]))
}

/** The class of an answer, by which Pub/Sub counts pushes. */
export function responseClassOf(answer: string): string {
  if (/^2/.test(answer)) return 'ack'
  if (/^4/.test(answer)) return 'remote_server_4xx'
  if (/^5/.test(answer)) return 'remote_server_5xx'
  return answer === 'deadline' ? 'deadline_exceeded' : 'unreachable'
}
