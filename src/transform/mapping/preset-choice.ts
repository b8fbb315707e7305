import type { ErrorObject } from 'ajv'
import { nearest } from '../../lib/nearest.ts'
import type { OptionsSchema, Preset, PresetDefinition, PresetResult } from '../presets/preset.ts'
import type { MixpanelEvent } from '../types.ts'
import type { Problem } from './compiled-mapping.ts'
import type { Compiler } from './compiler.ts'
import type { PresetChoice } from './mapping-file.ts'
import { pathText } from './reading/path-text.ts'
import { structureProblems } from './reading/structure.ts'

/** A preset that a file names, ready to run. */
export interface NamedPreset {
  readonly name: string
  readonly run: Preset
}

/** The keywords whose errors are told by the description of the option. */
const DESCRIBED: ReadonlySet<string> = new Set(['required', 'pattern'])

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
  for (const problem of problemsOf(created.errors, options, definition.schema)) {
    compiler.report(problem)
  }
  return undefined
}

function problemsOf(
  errors: readonly ErrorObject[],
  options: Readonly<Record<string, unknown>>,
  schema: OptionsSchema,
): readonly Problem[] {
  const told = errors.filter(({ keyword }) => !DESCRIBED.has(keyword))
  const described = errors.filter(({ keyword }) => DESCRIBED.has(keyword))
  const meant = told
    .filter(({ keyword }) => keyword === 'additionalProperties')
    .map(({ params }) => nearest(String(params.additionalProperty), Object.keys(schema.properties)))
  return [
    ...structureProblems(told, options, ['preset']),
    ...described
      .filter(({ params }) => !meant.includes(params.missingProperty))
      .map((error) => describedProblem(error, schema)),
  ]
}

/** Tells what an option is that is missing, or has another form. */
function describedProblem(
  { keyword, params, instancePath }: ErrorObject,
  { properties }: OptionsSchema,
): Problem {
  const [, given, at] = instancePath.split('/')
  const option = keyword === 'required' ? String(params.missingProperty) : (given ?? '')
  const path = at === undefined ? ['preset', option] : ['preset', option, Number(at)]
  const { description } = properties[option] ?? {}
  if (keyword !== 'required') return { path, text: `${pathText(path)} must be ${description}` }
  return { path: ['preset'], text: `${pathText(path)} is missing: set it to ${description}` }
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
