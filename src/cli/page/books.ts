/** The event totals of the service, at one moment. */
export interface Books {
  readonly received: number
  readonly imported: number
  readonly dead_lettered: number
  readonly dropped: number
  readonly returned: number
  readonly pending: number
}

const PREFIX = 'pubsub_mixpanel_'

/** Reads the event totals from the text of the metrics; `undefined` when it has none. */
export function readBooks(metrics: string): Books | undefined {
  const received = sumIn(metrics, 'events_received_total')
  const pending = sumIn(metrics, 'events_pending')
  if (received === undefined || pending === undefined) return undefined
  const settled = (outcome: string) => sumIn(metrics, 'events_settled_total', outcome) ?? 0
  return {
    received,
    imported: settled('imported'),
    dead_lettered: settled('dead_lettered'),
    dropped: settled('dropped'),
    returned: settled('returned'),
    pending,
  }
}

/** Adds up the samples of a metric, all or those of one outcome; `undefined` without a sample. */
function sumIn(metrics: string, name: string, outcome?: string): number | undefined {
  // A reason may be the name of an owner's rule, with any character in it.
  const labels = outcome === undefined ? '' : `\\{outcome="${outcome}"(?:,.*)?\\}`
  const samples = [...metrics.matchAll(new RegExp(`^${PREFIX}${name}${labels} (\\S+)$`, 'gm'))]
  if (samples.length === 0) return undefined
  return samples.reduce((sum, [, value]) => sum + Number(value), 0)
}
