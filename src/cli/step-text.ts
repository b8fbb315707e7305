import type { RuleStep } from '../transform/mapping/compiled-mapping.ts'

const ENDS = { matched: 'matched', not_matched: 'did not match', failed: 'failed' } as const

/** Says what a rule did to an event: `rules[0] health checks did not match: data.type is null`. */
export function stepText(step: RuleStep): string {
  const { kind, why } = step
  return `${ruleText(step)} ${ENDS[kind]}${why === undefined ? '' : `: ${why}`}`
}

/** Returns a rule with its place, or the name of the preset or of `otherwise`. */
export function ruleText({ index, name }: Pick<RuleStep, 'index' | 'name'>): string {
  return index === undefined ? name : `rules[${index}] ${name}`
}
