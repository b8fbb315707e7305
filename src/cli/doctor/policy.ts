import { listAt, textAt, textsAt, valueAt } from './json-at.ts'

/** Whether a policy grants something to a member. */
export type Grant =
  | 'granted'
  /** A condition, the permissions of a custom role, or the members of a group decide. */
  | 'perhaps'
  | 'missing'

/** The basic roles. They hold nearly all permissions, but make no tokens. */
export const BASIC_ROLES: readonly string[] = ['roles/owner', 'roles/editor']

const CUSTOM_ROLE = /^(projects|organizations)\//
/** Members that stand for several, who are not known from the policy. */
const MANY = /^(group|domain|principalSet):/

/** Returns whether an IAM policy grants one of the roles to a member, as in `serviceAccount:E`. */
export function grantIn(policy: unknown, member: string, roles: readonly string[]): Grant {
  const bindings = listAt(policy, 'bindings').map((binding) => ({
    role: textAt(binding, 'role') ?? '',
    members: textsAt(binding, 'members'),
    isConditional: valueAt(binding, 'condition') !== undefined,
  }))
  const ours = bindings.filter(({ members }) => names(members, member))
  const holding = ours.filter(({ role }) => roles.includes(role))
  if (holding.some(({ isConditional }) => !isConditional)) return 'granted'
  const isPossible =
    holding.length > 0 ||
    ours.some(({ role }) => CUSTOM_ROLE.test(role)) ||
    bindings.some(({ role, members }) => isNamed(role, roles) && members.some(isMany))
  return isPossible ? 'perhaps' : 'missing'
}

/** Most projects give a basic role to a group of people, which says nothing of an account. */
function isNamed(role: string, roles: readonly string[]): boolean {
  return roles.includes(role) && !BASIC_ROLES.includes(role)
}

function isMany(member: string): boolean {
  return MANY.test(member)
}

/** Returns the better of two grants. */
export function betterOf(one: Grant, other: Grant): Grant {
  const order: readonly Grant[] = ['granted', 'perhaps', 'missing']
  return order.find((grant) => grant === one || grant === other) ?? 'missing'
}

/** IAM compares e-mail addresses without regard to case. */
function names(members: readonly string[], member: string): boolean {
  return members.some((one) => one.toLowerCase() === member.toLowerCase())
}
