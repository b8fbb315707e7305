/** The effects of a rule that are counted. They are metric labels: the set may grow. */
export const RULE_EFFECTS = [
  'matched',
  'dropped',
  'rejected',
  'redacted',
  'absent',
  'error',
] as const
export type RuleEffect = (typeof RULE_EFFECTS)[number]

/** Counts an effect of a rule on one event. */
export type CountRule = (rule: string, effect: RuleEffect) => void
