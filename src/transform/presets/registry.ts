import type { PresetDefinition } from './preset.ts'

/** The presets by their names. Each is loaded only when a mapping names it. */
export const PRESETS: ReadonlyMap<string, () => Promise<PresetDefinition>> = new Map([
  ['segment', async () => (await import('./segment.ts')).SEGMENT],
])
