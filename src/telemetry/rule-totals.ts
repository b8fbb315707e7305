import type { CountRule, RuleEffect } from '../model/rule-effect.ts'

/** The counts of the effects of the owner's rules. */
export interface RuleTotals {
  readonly count: CountRule
  all(): readonly Readonly<{ rule: string; effect: RuleEffect; count: number }>[]
}

/** Makes rule totals that start at zero. They are plain numbers, because each event writes them. */
export function createRuleTotals(): RuleTotals {
  const rules = new Map<string, Map<RuleEffect, number>>()
  return { count, all }

  function count(rule: string, effect: RuleEffect): void {
    const effects = effectsOf(rule)
    effects.set(effect, (effects.get(effect) ?? 0) + 1)
  }

  function effectsOf(rule: string): Map<RuleEffect, number> {
    const known = rules.get(rule)
    if (known) return known
    const effects = new Map<RuleEffect, number>()
    rules.set(rule, effects)
    return effects
  }

  function all(): ReturnType<RuleTotals['all']> {
    return [...rules].flatMap(([rule, effects]) =>
      [...effects].map(([effect, count]) => ({ rule, effect, count })),
    )
  }
}
