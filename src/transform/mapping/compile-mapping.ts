import { PRESETS } from '../presets/registry.ts'
import { createApply } from './apply.ts'
import type { CompiledMapping, Problem, RuleStep } from './compiled-mapping.ts'
import { createCompiler, type PlaceOf } from './compiler.ts'
import type { MappingFile } from './mapping-file.ts'
import { loadPreset, type Presets } from './preset-choice.ts'
import { compileRule } from './rule.ts'

export interface RulesOptions {
  readonly placeOf: PlaceOf
  /** The presets that a file may name; those of this service when absent. */
  readonly presets?: Presets
}

const SILENT = { count: () => {} }

/**
 * Compiles the rules and the preset of a mapping file. Resolves with all mistakes in them when there
 * are any. It takes no notice of privacy, cases and module.
 */
export async function compileMapping(
  file: MappingFile,
  { placeOf, presets = PRESETS }: RulesOptions,
): Promise<CompiledMapping | readonly Problem[]> {
  const compiler = createCompiler(placeOf)
  const rules = (file.rules ?? []).map((rule, index) => compileRule(rule, index, compiler))
  const preset =
    file.preset === undefined ? undefined : await loadPreset(file.preset, presets, compiler)
  if (compiler.problems.length > 0) return compiler.problems
  const apply = createApply({ rules, preset, otherwise: file.otherwise ?? 'pass' })
  return {
    rules: rules.map(({ name }) => name),
    transform: (value, line, message, count) =>
      apply(value, line, message, count ? { count } : SILENT),
    explain: (value, line, message) => {
      const steps: RuleStep[] = []
      const step = (one: RuleStep) => steps.push(one)
      return { result: apply(value, line, message, { ...SILENT, step }), steps }
    },
  }
}
