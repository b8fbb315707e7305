import type { Line } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import { type Rejected, rejected } from '../../model/outcome.ts'
import type { CountRule } from '../../model/rule-effect.ts'
import { contextOf } from '../context.ts'
import type { PresetContext } from '../presets/preset.ts'
import type { MapResult, RuleStep, Scope } from './compiled-mapping.ts'
import { celValueOf } from './expressions/values.ts'
import { type FaultEffect, MappingFault } from './mapping-fault.ts'

/** The receiver of what rules do. */
export interface Watch {
  readonly count: CountRule
  readonly step?: (step: RuleStep) => void
}

/** One event on its way through the rules. */
export interface Run {
  readonly value: unknown
  readonly line: Line
  readonly message: Message
  readonly scope: Scope
  readonly context: PresetContext
  readonly watch: Watch
}

/** A rule or a preset, as it is named in counts and steps. */
export type Named = Pick<RuleStep, 'index' | 'name'>

/** Begins the way of one event. Its data is null when the message has none. */
export function beginRun(value: unknown, line: Line, message: Message, watch: Watch): Run {
  const { deliveryAttempt, ...context } = contextOf(line, message)
  const { attributes, line: number, ...facts } = context
  const data = value === undefined ? null : celValueOf(value, line.text)
  const scope = { data, attributes, message: facts, line: number }
  return { value, line, message, scope, context, watch }
}

/** Returns the result of `work`. When it throws, the event is rejected, and the error counted. */
export function guarded(
  { index, name }: Named,
  { watch }: Run,
  work: () => MapResult | undefined,
): MapResult | undefined {
  const rule = index === undefined ? { name } : { index, name }
  try {
    const result = work()
    if (result !== undefined) watch.step?.({ ...rule, kind: 'matched' })
    return result
  } catch (error) {
    const { effect, outcome } = endOf(error)
    watch.count(name, effect)
    watch.step?.({ ...rule, kind: 'failed', why: outcome.detail })
    return outcome
  }
}

/** Returns the end of an event for which an error was thrown. An unknown error may quote the event. */
function endOf(error: unknown): { effect: FaultEffect; outcome: Rejected } {
  if (error instanceof MappingFault) {
    return { effect: error.effect, outcome: rejected('transform_failed', error.message) }
  }
  const name = error instanceof Error ? error.name : 'a value that is no error'
  return { effect: 'error', outcome: rejected('transform_failed', `the mapping threw ${name}`) }
}
