import { readdirSync, readFileSync } from 'node:fs'
import type { Preset, PresetContext, PresetResult } from '../../../src/transform/presets/preset.ts'
import { PRESETS } from '../../../src/transform/presets/registry.ts'

/** An input of a preset, as it was published, and the result. */
export interface Fixture {
  readonly file: string
  readonly options: Readonly<Record<string, unknown>>
  readonly context: PresetContext
  /** Absent for a message without data. */
  readonly input: unknown
  readonly output: PresetResult
}

/** Reads the fixtures of a preset. */
export function fixturesOf(name: string): readonly Fixture[] {
  const folder = new URL(`./${name}/`, import.meta.url)
  return readdirSync(folder).map((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const { options = {}, attributes = {}, line = 1, input, output } = JSON.parse(text)
    return { file, options, context: aContext({ attributes, line }), input, output }
  })
}

export function aContext(overrides: Partial<PresetContext> = {}): PresetContext {
  const ids = { messageId: '2070443601311540', subscription: 'projects/p/subscriptions/s' }
  return { ...ids, attributes: {}, publishTime: '2026-11-24T09:00:00Z', line: 1, ...overrides }
}

/** Makes a preset. Throws when the options do not fit. */
export async function aPreset(
  name: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Preset> {
  const definition = await PRESETS.get(name)?.()
  const made = definition?.create(options)
  if (made?.kind !== 'preset') throw new Error(`no preset ${name} with ${JSON.stringify(options)}`)
  return made.preset
}

/** The events of a result; none when it has another kind. */
export function eventsIn(result: PresetResult) {
  return result.kind === 'events' ? result.events : []
}

/** The properties of the only event of a result. */
export function propertiesOf(result: PresetResult): Readonly<Record<string, unknown>> {
  const [event, ...others] = eventsIn(result)
  if (event === undefined || others.length > 0) throw new Error(`${JSON.stringify(result)}`)
  return event.properties
}
