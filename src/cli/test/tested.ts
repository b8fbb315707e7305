import type { RuleStep } from '../../transform/mapping/compiled-mapping.ts'
import type { Case, MappingFile, Rule } from '../../transform/mapping/mapping-file.ts'
import { ruleText, stepText } from '../step-text.ts'
import { type Difference, differenceOf, type HashesOf } from './difference.ts'
import type { Ran } from './run-case.ts'

/** One case that was run. */
export interface Tested {
  readonly name: string
  readonly line: number
  /** The rules that took its events; for a case that fails, the rule that should have. */
  readonly rules: string
  readonly steps: readonly RuleStep[]
  /** Absent when the case ended as it is expected to. */
  readonly difference?: Difference
}

/** Compares the end of a case with what it expects. */
export function judge(
  one: Case,
  ran: Ran,
  { line, file, hashesOf }: { line: number; file: MappingFile; hashesOf: HashesOf },
): Tested {
  const { steps } = ran
  const difference = differenceOf(one, ran, hashesOf)
  const tested = { name: one.name, line, steps }
  if (difference === undefined) return { ...tested, rules: takersOf(steps) }
  const missed = missedStep(one, steps, file.rules ?? [])
  const rules = missed === undefined ? takersOf(steps) : stepText(missed)
  return { ...tested, rules, difference: { ...difference, got: withRule(difference.got, steps) } }
}

/** Returns the rules that matched or failed, each once. */
function takersOf(steps: readonly RuleStep[]): string {
  return [...new Set(steps.filter(({ kind }) => kind !== 'not_matched').map(ruleText))].join(', ')
}

/** Adds the rule that rejected an event. */
function withRule(got: string, steps: readonly RuleStep[]): string {
  const last = steps.findLast(({ kind }) => kind !== 'not_matched')
  const isOfRule = got.startsWith('rejected: ') && last?.index !== undefined
  return isOfRule ? `${got} (rules[${last.index}])` : got
}

/** Returns the step of a rule that failed, or of the first that was probably meant to match. */
function missedStep(
  { expect }: Case,
  steps: readonly RuleStep[],
  rules: readonly Rule[],
): RuleStep | undefined {
  const failed = steps.find(({ kind }) => kind === 'failed')
  if (failed !== undefined) return failed
  const wanted = wantedEnd(expect)
  return steps.find(({ kind, index = -1 }) => {
    const rule = rules[index]
    return kind === 'not_matched' && rule !== undefined && endOf(rule) === wanted
  })
}

type End = 'drop' | 'reject' | 'events'

function wantedEnd(expect: Case['expect']): End {
  if ('reject' in expect) return 'reject'
  return expect.length === 0 ? 'drop' : 'events'
}

function endOf(rule: Rule): End {
  if ('drop' in rule) return 'drop'
  return 'reject' in rule ? 'reject' : 'events'
}
