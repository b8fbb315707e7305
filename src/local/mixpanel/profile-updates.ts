import { PROFILE_OPS, type ProfileOp } from './profile-ops.ts'
import { isObject, type JsonObject } from './record.ts'
import type { Switches } from './switches.ts'

/** The kind of profile that an endpoint updates. */
export type ProfileKind = 'user' | 'group'

/** One update of one profile, as it can be applied. */
export interface ProfileUpdate {
  readonly token: string
  /** `$distinct_id`, or `$group_key` and `$group_id`. */
  readonly id: readonly string[]
  readonly op: ProfileOp
  readonly value: unknown
}

/** An element of a request's array: an update, or the reason why it is none. */
export type ReadUpdate = Readonly<
  { kind: 'update'; update: ProfileUpdate } | { kind: 'refused'; error: string }
>

/** "1MB" (reference/user-profile-limits), read as 1 MiB as in the other limits. */
const UPDATE_MAX_BYTES = 1024 * 1024
const GROUP_OPS: readonly string[] = ['$set', '$set_once', '$unset', '$remove', '$union', '$delete']

/** Reads one element of a request to `/engage` or `/groups`. */
export function readUpdate(value: unknown, kind: ProfileKind, switches: Switches): ReadUpdate {
  if (!isObject(value)) return refused('data, missing or empty')
  const { $token, $distinct_id } = value
  if (typeof $token !== 'string' || $token === '') return refused('$token, missing or empty')
  if (Buffer.byteLength(JSON.stringify(value)) > UPDATE_MAX_BYTES) {
    return refused('an update must not be larger than 1MB')
  }
  if (kind === 'group' && $distinct_id !== undefined) {
    return refused('$distinct_id, not allowed for groups')
  }
  const id = idOf(value, kind)
  if (typeof id === 'string') return refused(`${id}, missing or empty`)
  const ops = Object.entries(PROFILE_OPS).filter(([name]) => name in value)
  const [first, ...others] = ops
  if (first === undefined || others.length > 0) return refused('exactly one operation is wanted')
  const [name, op] = first
  if (kind === 'group' && !isGroupOp(name, switches)) return refused(`${name}, not supported`)
  return { kind: 'update', update: { token: $token, id, op, value: value[name] } }
}

/** The id, or the name of the missing field. Mixpanel names `$distinct_id` without its `$`. */
function idOf(value: JsonObject, kind: ProfileKind): readonly string[] | string {
  if (kind === 'user') return present(value.$distinct_id) ?? 'distinct_id'
  const key = present(value.$group_key)
  if (key === undefined) return '$group_key'
  const id = present(value.$group_id)
  return id === undefined ? '$group_id' : [...key, ...id]
}

function present(id: unknown): readonly string[] | undefined {
  if (id === undefined || id === null || id === '') return undefined
  return [typeof id === 'string' ? id : JSON.stringify(id)]
}

function isGroupOp(name: string, { groupAdd }: Switches): boolean {
  return GROUP_OPS.includes(name) || (name === '$add' && groupAdd === 'accepted')
}

function refused(error: string): ReadUpdate {
  return { kind: 'refused', error }
}
