/**
 * Metrics of Pub/Sub and Cloud Run, from Google's lists of metrics
 * (https://cloud.google.com/monitoring/api/metrics_gcp), with their kind of value.
 */
export const GOOGLE_METRICS: ReadonlyMap<string, 'number' | 'distribution'> = new Map([
  ['pubsub.googleapis.com/subscription/num_undelivered_messages', 'number'],
  ['pubsub.googleapis.com/subscription/oldest_unacked_message_age', 'number'],
  ['pubsub.googleapis.com/subscription/push_request_count', 'number'],
  ['run.googleapis.com/container/cpu/utilizations', 'distribution'],
  ['run.googleapis.com/container/instance_count', 'number'],
  ['run.googleapis.com/container/memory/utilizations', 'distribution'],
  ['run.googleapis.com/request_count', 'number'],
  ['run.googleapis.com/request_latencies', 'distribution'],
])

/** The labels of these metrics that our queries use. */
export const GOOGLE_LABELS: readonly string[] = [
  'le',
  'monitored_resource',
  'response_class',
  'response_code_class',
  'service_name',
  'state',
  'subscription_id',
]

/** The name of a metric in PromQL, as https://cloud.google.com/monitoring/promql/promql-mapping says. */
export function promqlName(metric: string): string {
  return metric.replace('/', ':').replaceAll(/[^\w:]/g, '_')
}
