import assert from 'node:assert/strict'
import type { Message } from '../../../src/model/message.ts'
import { compileMapping } from '../../../src/transform/mapping/compile-mapping.ts'
import type { CompiledMapping, Problem } from '../../../src/transform/mapping/compiled-mapping.ts'
import type { MappingFile, Rule, Shape } from '../../../src/transform/mapping/mapping-file.ts'
import type { Presets } from '../../../src/transform/mapping/preset-choice.ts'
import { pathText } from '../../../src/transform/mapping/reading/path-text.ts'
import { definePreset, type Preset } from '../../../src/transform/presets/preset.ts'
import { aMessage } from '../../helpers/builders.ts'

type Draft = Omit<MappingFile, 'version'>

/** A preset that is called `form`, with no options. */
export function presetOf(preset: Preset): Presets {
  const schema = { type: 'object', additionalProperties: false, properties: {} } as const
  return new Map([['form', async () => definePreset(schema, () => preset)]])
}

/** Compiles a file that has no mistakes. */
export async function compiled(draft: Draft, presets?: Presets): Promise<CompiledMapping> {
  const result = await compile(draft, presets)
  if ('rules' in result) return result
  throw new assert.AssertionError({ message: JSON.stringify(result) })
}

/** Returns the mistakes of a file, with their paths as text. */
export async function problemsOf(draft: Draft, presets?: Presets): Promise<readonly string[]> {
  const result = await compile(draft, presets)
  const problems: readonly Problem[] = 'rules' in result ? [] : result
  return problems.map(({ path, text }) => `${pathText(path)}: ${text}`)
}

function compile(draft: Draft, presets?: Presets) {
  const placeOf = (path: Parameters<typeof pathText>[0]) => `m.yaml ${pathText(path)}`
  return compileMapping({ version: 1, ...draft }, { placeOf, ...(presets && { presets }) })
}

/** The end of a line: its events with their children, or the outcome. */
export interface Mapped {
  /** The texts of the events, as JSON.parse reads them. */
  readonly events: readonly unknown[]
  readonly texts: readonly string[]
  readonly children: readonly number[]
  readonly end?: string
  /** The reason of a rejection. */
  readonly reason?: string
  readonly counts: readonly string[]
}

/** Maps one line of JSON, or a message without data. */
export function mapText(
  { transform }: Pick<CompiledMapping, 'transform'>,
  text: string | undefined,
  message: Partial<Message> = {},
): Mapped {
  const counts: string[] = []
  const value = text === undefined ? undefined : JSON.parse(text)
  const line = { number: 1, text: text ?? '' }
  const result = transform(value, line, aMessage(message), (rule, effect) => {
    counts.push(`${rule}: ${effect}`)
  })
  if ('kind' in result) {
    const end = result.kind === 'dropped' ? `dropped by ${result.rule}` : result.detail
    const reason = result.kind === 'rejected' && { reason: result.reason }
    return { events: [], texts: [], children: [], end, ...reason, counts }
  }
  const texts = result.map((candidate) => candidate.text)
  for (const candidate of result) assert.deepEqual(candidate.value, JSON.parse(candidate.text))
  const events = texts.map((one): unknown => JSON.parse(one))
  return { events, texts, children: result.map(({ child }) => child), counts }
}

/** Maps a value by one rule without a condition, which has this shape. */
export async function shaped(
  shape: Shape,
  input: unknown,
  message?: Partial<Message>,
): Promise<Mapped> {
  const rule: Rule = { name: 'all', ...shape }
  return mapText(await compiled({ rules: [rule] }), JSON.stringify(input), message)
}
