import { nearest } from '../../lib/nearest.ts'
import type { Preset, PresetDefinition, PresetResult } from '../presets/preset.ts'
import type { MixpanelEvent } from '../types.ts'
import type { Compiler } from './compiler.ts'
import type { PresetChoice } from './mapping-file.ts'
import { structureProblems } from './reading/structure.ts'

/** A preset that a file names, ready to run. */
export interface NamedPreset {
  readonly name: string
  readonly run: Preset
}

export type Presets = ReadonlyMap<string, () => Promise<PresetDefinition>>

/** Loads the preset that a file names. Reports a name and options that are not known. */
export async function loadPreset(
  choice: string | PresetChoice,
  presets: Presets,
  compiler: Compiler,
): Promise<NamedPreset | undefined> {
  const { name, ...options } = typeof choice === 'string' ? { name: choice } : choice
  const load = presets.get(name)
  if (load === undefined) {
    const path = typeof choice === 'string' ? ['preset'] : ['preset', 'name']
    compiler.report({ path, text: unknownText(name, [...presets.keys()]) })
    return undefined
  }
  const definition = await load()
  const created = definition.create(options)
  if (created.kind === 'preset') return { name, run: clean(created.preset) }
  for (const problem of structureProblems(created.errors, options, ['preset'])) {
    compiler.report(problem)
  }
  return undefined
}

function unknownText(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  const hint =
    meant === undefined ? `the presets are ${known.join(', ')}` : `did you mean ${meant}?`
  return `${name} is no preset; ${hint}`
}

/** Leaves out properties that are undefined: the text of an event has none. */
function clean(preset: Preset): Preset {
  return (input, context): PresetResult => {
    const result = preset(input, context)
    if (result.kind !== 'events') return result
    return { kind: 'events', events: result.events.map(withoutUndefined) }
  }
}

function withoutUndefined({ event, properties }: MixpanelEvent): MixpanelEvent {
  const defined = Object.entries(properties).filter(([, value]) => value !== undefined)
  return { event, properties: Object.fromEntries(defined) }
}
