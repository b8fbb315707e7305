import type { MappingPath } from '../compiled-mapping.ts'
import type { Compiler, Read } from '../compiler.ts'
import { isRawNumber } from '../expressions/exact-numbers.ts'
import { type FaultAt, typeOf } from '../mapping-fault.ts'
import type { Shape } from '../mapping-file.ts'
import { assign, type Step } from './properties.ts'
import type { JsonRecord } from './record.ts'

/**
 * Compiles the groups of a shape, its ids and its time. They come after all other properties.
 */
export function compileIdentity(
  shape: Shape,
  path: MappingPath,
  compiler: Compiler,
): readonly Step[] {
  const { groups = {}, distinct_id, user_id, device_id, time, insert_id } = shape
  const steps: Step[] = []
  for (const [key, text] of Object.entries(groups)) {
    steps.push(assign(key, compiler.template(text, [...path, 'groups', key])))
  }
  if (user_id !== undefined) steps.push(assign('$user_id', idOrNone(user_id, 'user_id')))
  if (device_id !== undefined) steps.push(assign('$device_id', idOrNone(device_id, 'device_id')))
  if (distinct_id !== undefined) steps.push(assign('distinct_id', distinctId(distinct_id)))
  else steps.push(deriveDistinctId(user_id !== undefined || device_id !== undefined))
  if (time !== undefined) steps.push(assign('time', compiler.needed(time, [...path, 'time'])))
  if (insert_id !== undefined) steps.push(assign('$insert_id', idIn(insert_id, 'insert_id')))
  return steps

  function distinctId(text: string): Read {
    const at = [...path, 'distinct_id']
    return asId(compiler.needed(text, at), compiler.faultsAt(at))
  }

  function idIn(text: string, name: string): Read {
    const at = [...path, name]
    return asId(compiler.template(text, at), compiler.faultsAt(at))
  }

  /** Reads the id of a user or a device. An empty id is none. */
  function idOrNone(text: string, name: string): Read {
    const read = idIn(text, name)
    return (scope) => read(scope) || null
  }
}

/** Makes a reader of an id: a text, or null. A number becomes a text. */
function asId(read: Read, fault: FaultAt): Read {
  return (scope) => {
    const value = read(scope)
    const id = value === null ? null : idText(value)
    if (id === undefined) throw fault('error', `the id is ${typeOf(value)}, not a text`)
    return id
  }
}

function idText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return isRawNumber(value) ? value.rawJSON : undefined
}

/**
 * Makes the distinct id as Mixpanel does: of the user, else of the device, else empty. A distinct id
 * that the properties have stays, unless the shape names the user or the device.
 */
function deriveDistinctId(isNamed: boolean): Step {
  return (properties) => {
    const given = properties.distinct_id ?? undefined
    const made = idOf(properties) || undefined
    properties.distinct_id = (isNamed ? (made ?? given) : (given ?? made)) ?? ''
    return properties
  }
}

function idOf({ $user_id, $device_id }: JsonRecord): string | undefined {
  const user = idText($user_id)
  if (user) return user
  const device = idText($device_id)
  return device && `$device:${device}`
}
