import { isObject } from '../../lib/json/is-object.ts'
import { compileMapping } from './compile-mapping.ts'
import type { Problem } from './compiled-mapping.ts'
import { compilePrivacy } from './privacy/compile-privacy.ts'
import type { KeyOptions } from './privacy/hash-keys.ts'
import { checkStructure } from './reading/structure.ts'

/**
 * Resolves with the mistakes in the preset and in those privacy steps of a file whose own structure
 * is sound, though that of the file is not.
 */
export async function problemsInSoundSections(
  value: unknown,
  options: KeyOptions,
): Promise<readonly Problem[]> {
  if (!isObject(value)) return []
  const steps: readonly unknown[] = Array.isArray(value.privacy) ? value.privacy : []
  const inSteps = steps.flatMap((step, index) => problemsInStep(step, index, options))
  return [...inSteps, ...(await problemsInPreset(value.preset))]
}

function problemsInStep(step: unknown, index: number, options: KeyOptions): readonly Problem[] {
  const alone = checkStructure({ version: 1, privacy: [step] })
  if (alone.kind !== 'sound' || alone.file.privacy === undefined) return []
  const compiled = compilePrivacy(alone.file.privacy, options)
  if (compiled.kind === 'compiled') return []
  return compiled.problems.map((problem) => ({
    ...problem,
    path: ['privacy', index, ...problem.path.slice(2)],
  }))
}

async function problemsInPreset(preset: unknown): Promise<readonly Problem[]> {
  const alone = checkStructure({ version: 1, preset })
  if (alone.kind !== 'sound') return []
  const compiled = await compileMapping(alone.file, { placeOf: () => '' })
  return 'rules' in compiled ? [] : compiled
}
