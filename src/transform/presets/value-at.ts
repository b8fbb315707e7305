/** Returns the value to which keys and indexes lead; `undefined` where one is absent. */
export function valueAt(input: unknown, keys: readonly string[]): unknown {
  let value = input
  for (const key of keys) {
    if (!hasMembers(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

/** Whether a JSON value is an object or an array. */
export function hasMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Returns a text, number or boolean that says something; `undefined` for all else. */
export function plainValueOf(value: unknown): unknown {
  if (typeof value === 'string') return value === '' ? undefined : value
  const isPlain = typeof value === 'number' || typeof value === 'bigint'
  return isPlain || typeof value === 'boolean' ? value : undefined
}

/** Returns a value as it is; `undefined` when it is null or an empty text. */
export function givenValueOf(value: unknown): unknown {
  return value === null || value === '' ? undefined : value
}

/** Returns the text of an id, of digits for a number; `undefined` when it is blank or of no such type. */
export function idTextOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}
