import type { PropertiesShape, Shape } from '../../../src/transform/mapping/mapping-file.ts'

type Entries = readonly (readonly [name: string, value: unknown])[]

/**
 * Returns the event that a shape makes of data, by the contract alone: slow, and with templates like
 * `${data.a.b}` only, or `rejected`.
 */
export function referenceOf(shape: Shape, data: unknown): unknown {
  const event = templateValue(shape.event, data)
  if (event === null) return 'rejected'
  let made = propertiesOf(shape.properties ?? {}, data)
  if (made === undefined) return 'rejected'
  for (const [key, text] of Object.entries(shape.groups ?? {}))
    made = set(made, key, templateValue(text, data))
  const ids = {
    $user_id: templateValue(shape.user_id, data) || null,
    $device_id: templateValue(shape.device_id, data) || null,
  }
  if (shape.user_id !== undefined) made = set(made, '$user_id', ids.$user_id)
  if (shape.device_id !== undefined) made = set(made, '$device_id', ids.$device_id)
  const isNamed = shape.user_id !== undefined || shape.device_id !== undefined
  const distinctId = templateValue(shape.distinct_id, data)
  if (shape.distinct_id !== undefined && distinctId === null) return 'rejected'
  made = set(made, 'distinct_id', distinctId ?? derivedId(made, isNamed))
  return { event, properties: Object.fromEntries(made) }
}

function propertiesOf(shape: PropertiesShape, data: unknown): Entries | undefined {
  const from =
    shape.from === undefined ? (at(data, 'properties') ?? null) : templateValue(shape.from, data)
  if (shape.from !== undefined && from !== null && !isObject(from)) return undefined
  let made: Entries = isObject(from) ? Object.entries(from) : []
  if (shape.pick) made = pick(made, shape.pick)
  for (const name of shape.omit ?? []) made = omit(made, name)
  if (shape.flatten) made = flatten(made, shape.flatten)
  const found = Object.entries(shape.rename ?? {}).map(([name, to]) => ({
    name,
    to,
    value: find(made, name),
  }))
  for (const { name, value } of found) if (value !== undefined) made = omit(made, name)
  for (const { to, value } of found) if (value !== undefined) made = replace(made, to, value)
  for (const [name, value] of Object.entries(shape.set ?? {})) {
    made = set(made, name, typeof value === 'string' ? templateValue(value, data) : value)
  }
  return made
}

function templateValue(text: string | undefined, data: unknown): unknown {
  if (text === undefined) return null
  const [, path] = /^\$\{data\.?(.*)\}$/.exec(text) ?? []
  if (path === undefined) return text
  let value = data
  for (const key of path === '' ? [] : path.split('.')) value = at(value, key) ?? null
  return value
}

function at(value: unknown, key: string): unknown {
  return isObject(value) ? new Map(Object.entries(value)).get(key) : undefined
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function set(entries: Entries, name: string, value: unknown): Entries {
  const others = entries.filter(([other]) => other !== name)
  return value === null ? others : [...others, [name, value]]
}

function find(entries: Entries, name: string): unknown {
  const whole = entries.find(([other]) => other === name)
  if (whole) return whole[1]
  let value: unknown = Object.fromEntries(entries)
  for (const key of name.split('.')) value = at(value, key)
  return value
}

function pick(entries: Entries, names: readonly string[]): Entries {
  let picked: Entries = []
  for (const name of names) {
    const value = find(entries, name)
    const isWhole = entries.some(([other]) => other === name)
    if (value !== undefined) picked = nested(picked, isWhole ? [name] : name.split('.'), value)
  }
  return picked
}

function nested(entries: Entries, [key = '', ...rest]: readonly string[], value: unknown): Entries {
  const others = entries.filter(([name]) => name !== key)
  if (rest.length === 0) return [...others, [key, value]]
  const inner = new Map(entries).get(key)
  return [
    ...others,
    [key, Object.fromEntries(nested(isObject(inner) ? Object.entries(inner) : [], rest, value))],
  ]
}

function omit(entries: Entries, name: string): Entries {
  const [key = '', ...rest] = name.split('.')
  const others = entries.filter(([other]) => other !== name)
  if (rest.length === 0) return others
  return others.map(([other, value]) => {
    if (other !== key || !isObject(value)) return [other, value]
    return [other, Object.fromEntries(omit(Object.entries(value), rest.join('.')))]
  })
}

function flatten(entries: Entries, levels: number): Entries {
  return entries.reduce<Entries>((flat, [name, value]) => {
    if (!isObject(value)) return replace(flat, name, value)
    if (levels > 1)
      return replace(flat, name, Object.fromEntries(flatten(Object.entries(value), levels - 1)))
    const members = Object.entries(value)
    if (members.length === 0) return replace(flat, name, value)
    const inner: Entries = members.map(([member, one]) => [`${name}.${member}`, one])
    return flatten(inner, 1).reduce<Entries>((all, [path, one]) => replace(all, path, one), flat)
  }, [])
}

function replace(entries: Entries, name: string, value: unknown): Entries {
  return [...entries.filter(([other]) => other !== name), [name, value]]
}

function derivedId(made: Entries, isNamed: boolean): unknown {
  const { $user_id: user, $device_id: device, distinct_id: given = null } = Object.fromEntries(made)
  const id = user ? user : device ? `$device:${device}` : null
  return (isNamed ? (id ?? given) : (given ?? id)) ?? ''
}
