import type { Line } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import { rejected } from '../../model/outcome.ts'
import { asPublished } from '../transform.ts'
import { applyPreset } from './apply-preset.ts'
import { applyRule } from './apply-rule.ts'
import type { MapResult } from './compiled-mapping.ts'
import type { Otherwise } from './mapping-file.ts'
import type { NamedPreset } from './preset-choice.ts'
import type { CompiledRule } from './rule.ts'
import { createBeginRun, type Run, type Watch } from './run.ts'

/** The compiled parts of a mapping, in the order in which an event comes to them. */
export interface Parts {
  readonly rules: readonly CompiledRule[]
  readonly preset: NamedPreset | undefined
  readonly otherwise: Otherwise
}

/** Maps one value, and tells the watch what the rules did. */
export type Apply = (value: unknown, line: Line, message: Message, watch: Watch) => MapResult

const OTHERWISE = 'otherwise'

/** Makes the function that maps a value by the first rule that matches. */
export function createApply({ rules, preset, otherwise }: Parts): Apply {
  const beginRun = createBeginRun()

  return function apply(value, line, message, watch) {
    const run = beginRun(value, line, message, watch)
    for (const rule of rules) {
      const result = applyRule(rule, preset, run)
      if (result !== undefined) return result
    }
    return (preset && applyPreset(preset, run)) ?? applyOtherwise(otherwise, run)
  }
}

function applyOtherwise(otherwise: Otherwise, { value, line, message, watch }: Run): MapResult {
  watch.count(OTHERWISE, 'matched')
  watch.step?.({ name: OTHERWISE, kind: 'matched' })
  switch (otherwise) {
    case 'pass':
      return asPublished(value, line, message)
    case 'drop':
      watch.count(OTHERWISE, 'dropped')
      return { kind: 'dropped', rule: OTHERWISE }
    case 'reject':
      watch.count(OTHERWISE, 'rejected')
      return rejected('transform_failed', 'no rule of the mapping matches the event')
  }
}
