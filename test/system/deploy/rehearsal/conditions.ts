import { conditionOf, replaced } from '../alerts.ts'
import { promqlName } from '../google-metrics.ts'
import { passes } from '../log-filter.ts'
import { at } from '../tree.ts'
import { evaluateQuery, type Series } from './promql.ts'

/** What Google Cloud would have on record of a time. */
export interface Recording {
  /** Epoch ms. */
  readonly from: number
  readonly to: number
  readonly series: readonly Series[]
  readonly entries: readonly object[]
}

const MINUTE_MS = 60_000

/** Whether an alert of alerts.tf fires at any time of a recording. Throws at a condition that is new. */
export function fires(alert: unknown, recording: Recording): boolean {
  const [kind, condition] = conditionOf(alert)
  switch (kind) {
    case 'condition_matched_log':
      return recording.entries.some((entry) => passes(replaced(at(condition, 'filter')), entry))
    case 'condition_threshold':
      return lasts(condition, recording, isAbove(condition, recording))
    case 'condition_prometheus_query_language': {
      const query = replaced(at(condition, 'query'))
      return lasts(condition, recording, (now) => {
        return evaluateQuery(query, recording.series, now).length > 0
      })
    }
    default:
      throw new Error(`no such condition: ${kind}`)
  }
}

/** Whether something holds at each minute of a duration. */
function lasts(
  condition: unknown,
  { from, to }: Recording,
  holdsAt: (now: number) => boolean,
): boolean {
  const durationMs = Number(String(at(condition, 'duration')).replace(/s$/, '')) * 1_000
  let since: number | undefined
  for (let now = from; now <= to; now += MINUTE_MS) {
    since = holdsAt(now) ? (since ?? now) : undefined
    if (since !== undefined && now - since >= durationMs) return true
  }
  return false
}

/** Compares the greatest value of each minute with the threshold. */
function isAbove(condition: unknown, { series }: Recording): (now: number) => boolean {
  const filter = replaced(at(condition, 'filter'))
  const wanted = (name: string) =>
    new RegExp(`${name.replaceAll('.', '\\.')}="([^"]*)"`).exec(filter)?.[1] ?? ''
  const kinds = [at(condition, 'comparison'), at(condition, 'aggregations', 'per_series_aligner')]
  if (kinds.join() !== 'COMPARISON_GT,ALIGN_MAX') throw new Error(`not understood: ${kinds}`)
  const found = series.filter(
    ({ name, labels }) =>
      name === promqlName(wanted('metric.type')) &&
      labels.monitored_resource === wanted('resource.type') &&
      labels.subscription_id === wanted('resource.labels.subscription_id'),
  )
  const threshold = Number(at(condition, 'threshold_value'))
  return (now) =>
    found.some(({ samples }) =>
      samples.some(
        (sample) => sample.at > now - MINUTE_MS && sample.at <= now && sample.value > threshold,
      ),
    )
}
