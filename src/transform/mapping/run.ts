import type { Line } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import { type Rejected, rejected } from '../../model/outcome.ts'
import type { CountRule } from '../../model/rule-effect.ts'
import { contextOf } from '../context.ts'
import type { PresetContext } from '../presets/preset.ts'
import type { RuleStep, Scope } from './compiled-mapping.ts'
import { newWork } from './expressions/part.ts'
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

/** Begins the way of one event. */
export type BeginRun = (value: unknown, line: Line, message: Message, watch: Watch) => Run

/** The facts about a message that are the same for all its lines. */
interface Facts {
  readonly context: Omit<PresetContext, 'line'>
  readonly message: Scope['message']
}

/** Makes a function that begins runs. The lines of a message share the facts about it. */
export function createBeginRun(): BeginRun {
  // A message may be large, so nothing here keeps it in memory.
  const known = new WeakMap<Message, Facts>()

  return function beginRun(value, line, message, watch) {
    let facts = known.get(message)
    if (facts === undefined) {
      facts = factsOf(line, message)
      known.set(message, facts)
    }
    // A message without data, whose value is undefined, is mapped by its attributes.
    const data = celValueOf(value, line.text)
    const context = { ...facts.context, line: line.number }
    const { attributes } = context
    const work = newWork()
    const scope = { data, attributes, message: facts.message, line: line.number, work }
    return { value, line, message, scope, context, watch }
  }
}

function factsOf(of: Line, from: Message): Facts {
  const { deliveryAttempt, line, ...context } = contextOf(of, from)
  const { attributes, ...message } = context
  return { context, message }
}

/** Ends an event for which a rule threw an error, and counts the error. */
export function endByError(
  error: unknown,
  { index, name }: Pick<RuleStep, 'index' | 'name'>,
  { watch }: Run,
): Rejected {
  const { effect, text } = faultOf(error)
  watch.count(name, effect)
  watch.step?.({ ...(index !== undefined && { index }), name, kind: 'failed', why: text })
  return rejected('transform_failed', text)
}

/** Returns the text of a fault. An unknown error may quote the event. */
function faultOf(error: unknown): { effect: FaultEffect; text: string } {
  if (error instanceof MappingFault) return { effect: error.effect, text: error.message }
  const name = error instanceof Error ? error.name : 'a value that is no error'
  return { effect: 'error', text: `the mapping threw ${name}` }
}
