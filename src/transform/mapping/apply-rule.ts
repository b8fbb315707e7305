import { rejected } from '../../model/outcome.ts'
import type { PresetResult } from '../presets/preset.ts'
import { endOf as endOfPreset, runPreset } from './apply-preset.ts'
import { createCandidates } from './candidates.ts'
import type { MapResult } from './compiled-mapping.ts'
import type { NamedPreset } from './preset-choice.ts'
import type { CompiledRule } from './rule.ts'
import { endByError, type Run } from './run.ts'
import type { CompiledShape } from './shapes/shape.ts'

const NO_BASE: PresetResult = { kind: 'events', events: [] }

/** Maps an event by a rule; `undefined` when the rule does not match. */
export function applyRule(
  rule: CompiledRule,
  preset: NamedPreset | undefined,
  run: Run,
): MapResult | undefined {
  const { name, index, condition } = rule
  const { scope, watch } = run
  try {
    if (condition && !condition.holds(scope)) {
      watch.step?.({ index, name, kind: 'not_matched', why: condition.whyNot(scope) })
      return undefined
    }
    watch.count(name, 'matched')
    const end = endOf(rule, preset, run)
    watch.step?.({ index, name, kind: 'matched' })
    return end
  } catch (error) {
    return endByError(error, rule, run)
  }
}

function endOf({ name, end }: CompiledRule, preset: NamedPreset | undefined, run: Run): MapResult {
  switch (end.kind) {
    case 'drop':
      return drop(name, run)
    case 'reject':
      run.watch.count(name, 'rejected')
      return rejected('transform_failed', end.text)
    case 'events':
      return shapeAll(name, end.shapes, preset, run)
  }
}

/** Makes the events of all shapes. Without any, the event is dropped. */
function shapeAll(
  name: string,
  shapes: readonly CompiledShape[],
  preset: NamedPreset | undefined,
  run: Run,
): MapResult {
  const base = preset && shapes.some(({ hasBase }) => hasBase) ? runPreset(preset, run) : NO_BASE
  if (preset && base.kind === 'rejected') return endOfPreset(base, preset.name, run)
  const candidates = createCandidates(run.line)
  for (const shape of shapes) shape.make(run.scope, base, candidates.add)
  const made = candidates.list()
  if (made.length > 0) return made
  if (preset && base.kind === 'dropped') return endOfPreset(base, preset.name, run)
  return drop(name, run)
}

function drop(rule: string, { watch }: Run): MapResult {
  watch.count(rule, 'dropped')
  return { kind: 'dropped', rule }
}
