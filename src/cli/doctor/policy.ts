import { listAt, textAt, textsAt, valueAt } from './json-at.ts'

/** Whether a policy grants something to a member. */
export type Grant =
  | 'granted'
  /** A condition decides, or the permissions of a custom role, which are not known. */
  | 'perhaps'
  | 'missing'

/** Returns whether an IAM policy grants one of the roles to a member, as in `serviceAccount:E`. */
export function grantIn(policy: unknown, member: string, roles: readonly string[]): Grant {
  const ours = listAt(policy, 'bindings').filter((binding) => names(binding, member))
  const holding = ours.filter((binding) => roles.includes(textAt(binding, 'role') ?? ''))
  if (holding.some((binding) => valueAt(binding, 'condition') === undefined)) return 'granted'
  const isCustom = ours.some((binding) =>
    /^(projects|organizations)\//.test(textAt(binding, 'role') ?? ''),
  )
  return holding.length > 0 || isCustom ? 'perhaps' : 'missing'
}

/** Returns the better of two grants. */
export function betterOf(one: Grant, other: Grant): Grant {
  const order: readonly Grant[] = ['granted', 'perhaps', 'missing']
  return order.find((grant) => grant === one || grant === other) ?? 'missing'
}

/** IAM compares e-mail addresses without regard to case. */
function names(binding: unknown, member: string): boolean {
  return textsAt(binding, 'members').some((one) => one.toLowerCase() === member.toLowerCase())
}
