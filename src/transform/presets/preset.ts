import { Ajv, type ErrorObject } from 'ajv'
import type { MixpanelEvent, TransformContext } from '../types.ts'

/** The facts about a message that a preset may use. They are the same at each delivery. */
export type PresetContext = Omit<TransformContext, 'deliveryAttempt'>

/**
 * The answer of a preset about one input. `what` names the input that the preset leaves out on
 * purpose; the rule of the drop is `segment: alias`. `unknown` is the answer for input of another
 * form. `detail` holds nothing of the input but names of keys.
 */
export type PresetResult = Readonly<
  | { kind: 'events'; events: readonly MixpanelEvent[] }
  | { kind: 'dropped'; what: string }
  | { kind: 'unknown' }
  | { kind: 'rejected'; detail: string; field?: string }
>

/**
 * Maps one input: a JSON value, in which an integer past 2^53 is a bigint, or `undefined` for a
 * message without data. The result depends on the arguments alone.
 */
export type Preset = (input: unknown, context: PresetContext) => PresetResult

/** The JSON schema of an option. The description completes `must be …` in errors. */
interface OptionSchema {
  readonly description: string
  readonly [keyword: string]: unknown
}

/** The JSON schema of the options of a preset, all but `name`. */
export interface OptionsSchema {
  readonly type: 'object'
  readonly additionalProperties: false
  readonly required?: readonly string[]
  readonly properties: Readonly<Record<string, OptionSchema>>
}

/** A preset with its options, or the mistakes in them. */
export type PresetOrErrors = Readonly<
  { kind: 'preset'; preset: Preset } | { kind: 'faulty'; errors: readonly ErrorObject[] }
>

/** A preset before its options are known. */
export interface PresetDefinition {
  readonly schema: OptionsSchema
  create(options: unknown): PresetOrErrors
}

/** Defines a preset. `create` is called with options that fit the schema. */
export function definePreset<Options>(
  schema: OptionsSchema,
  create: (options: Options) => Preset,
): PresetDefinition {
  return {
    schema,
    create(options) {
      const fits = new Ajv({ allErrors: true, verbose: true }).compile<Options>(schema)
      if (fits(options)) return { kind: 'preset', preset: create(options) }
      return { kind: 'faulty', errors: fits.errors ?? [] }
    },
  }
}
