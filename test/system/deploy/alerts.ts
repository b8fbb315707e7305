import { parse } from '@cdktf/hcl2json'
import { textOf } from '../../docs/markdown.ts'
import { at, entriesAt, listAt } from './tree.ts'

/** The name of the service, and of its subscription, in what this file reads. */
export const NAME = 'pubsub-mixpanel'
export const SUBSCRIPTION = 'events-mixpanel'

/** The parsed file of alerts. */
export const TREE: unknown = await parse('alerts.tf', textOf('deploy/monitoring/alerts.tf'))
export const DASHBOARD = textOf('deploy/monitoring/dashboard.json')
/** The tiles that the dashboard has with a collector, as the text of a list. */
export const PROMETHEUS_TILES = textOf('deploy/monitoring/prometheus-tiles.json')

/** Each alert by its name, with the names of a deployment in place. */
export const ALERTS = entriesAt(TREE, 'resource', 'google_monitoring_alert_policy')

/** A metric that Cloud Logging makes of log entries. */
export interface LogMetric {
  readonly name: string
  readonly filter: string
  /** Takes the number of an entry for a distribution; none for a counter of entries. */
  readonly extractor: string | undefined
  /** The ends of the buckets of a distribution; none where its sum alone is of use. */
  readonly bounds: readonly number[]
  /** Takes the value of each label from an entry. */
  readonly labels: Readonly<Record<string, string>>
}

/** The log-based metrics of the file. */
export const LOG_METRICS: readonly LogMetric[] = entriesAt(
  TREE,
  'resource',
  'google_logging_metric',
).flatMap(([, metric]) =>
  keysOf(metric).map((key) => {
    const text = (name: string) => replaced(at(metric, name)).replaceAll(`\${each.key}`, key)
    const labels = entriesAt(metric, 'label_extractors')
    return {
      name: text('name'),
      filter: text('filter'),
      extractor: at(metric, 'value_extractor') === undefined ? undefined : text('value_extractor'),
      bounds: listAt(metric, 'bucket_options', 'explicit_buckets', 'bounds').map(Number),
      labels: Object.fromEntries(labels.map(([name, extractor]) => [name, String(extractor)])),
    }
  }),
)

/** The kind of condition of an alert, such as `condition_threshold`, and the condition. */
export function conditionOf(alert: unknown): readonly [string, unknown] {
  const [kind = '', condition] =
    entriesAt(alert, 'conditions').find(([name]) => name.startsWith('condition_')) ?? []
  return [kind, at(condition)]
}

/** The queries of the alerts and of the dashboard, with the names of a deployment. */
export function queries(): readonly string[] {
  const ofAlerts = ALERTS.map(([, alert]) =>
    at(alert, 'conditions', 'condition_prometheus_query_language', 'query'),
  ).filter((query) => query !== undefined)
  const ofDashboard = [
    ...`${DASHBOARD}${PROMETHEUS_TILES}`.matchAll(/"prometheusQuery": ("(?:\\.|[^"])*")/g),
  ].map(([, query = '""']) => JSON.parse(query))
  return [...ofAlerts, ...ofDashboard].map(replaced)
}

/** A text with the module's locals and variables in place. */
export function replaced(text: unknown): string {
  const local = (name: string) => String(at(TREE, 'locals', name))
  const metric = NAME.replace('-', '_')
  return String(text)
    .replaceAll(/\$\{(?:local\.)?metric\}/g, metric)
    .replaceAll(/\$\{local\.(\w+)\}/g, (_, name) => local(name))
    .replaceAll(/\$\{(?:var\.)?name\}/g, NAME)
    .replaceAll(`\${var.dead_letter_subscription}`, 'events-dead')
    .replaceAll(/\$\{(?:var\.)?subscription\}/g, SUBSCRIPTION)
}

function keysOf(metric: unknown): readonly string[] {
  const each = at(metric, 'for_each')
  if (each === undefined) return ['']
  return [...String(each).matchAll(/"(\w+)"/g)].map(([, key = '']) => key)
}
