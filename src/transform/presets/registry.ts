import type { PresetDefinition } from './preset.ts'

/** The presets by their names. Each is loaded only when a mapping names it. */
export const PRESETS: ReadonlyMap<string, () => Promise<PresetDefinition>> = new Map([
  ['segment', async () => (await import('./segment.ts')).SEGMENT],
  ['cloudevents', async () => (await import('./cloudevents.ts')).CLOUDEVENTS],
  ['sgtm', async () => (await import('./sgtm.ts')).SGTM],
  ['ga4', async () => (await import('./ga4.ts')).GA4],
  ['snowplow', async () => (await import('./snowplow.ts')).SNOWPLOW],
])
