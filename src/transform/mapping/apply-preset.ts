import { rejected } from '../../model/outcome.ts'
import type { PresetResult } from '../presets/preset.ts'
import { createCandidates } from './candidates.ts'
import type { MapResult } from './compiled-mapping.ts'
import type { NamedPreset } from './preset-choice.ts'
import { endByError, type Run } from './run.ts'

/** Returns what the preset makes of an event. It may throw. */
export function runPreset({ run: preset }: NamedPreset, run: Run): PresetResult {
  return preset(run.scope.data, run.context)
}

/** Maps an event by the preset; `undefined` when the preset does not know it. */
export function applyPreset(preset: NamedPreset, run: Run): MapResult | undefined {
  const { name } = preset
  const { watch } = run
  try {
    const result = runPreset(preset, run)
    if (result.kind === 'unknown') {
      watch.step?.({ name, kind: 'not_matched', why: 'the input has another form' })
      return undefined
    }
    watch.count(name, 'matched')
    const end = endOf(result, name, run)
    watch.step?.({ name, kind: 'matched' })
    return end
  } catch (error) {
    return endByError(error, preset, run)
  }
}

/** Ends an event as the preset says, and counts it. */
export function endOf(
  result: Exclude<PresetResult, { kind: 'unknown' }>,
  name: string,
  { line, watch }: Run,
): MapResult {
  switch (result.kind) {
    case 'events': {
      const candidates = createCandidates(line)
      for (const event of result.events) candidates.add(event)
      return candidates.list()
    }
    case 'dropped': {
      const rule = `${name}: ${result.what}`
      watch.count(rule, 'dropped')
      return { kind: 'dropped', rule }
    }
    case 'rejected':
      watch.count(name, 'rejected')
      return rejected('transform_failed', result.detail, result.field)
  }
}
