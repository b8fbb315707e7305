import { UserMistake } from './frame/io.ts'

/** The flag for attributes of a message, which may be given several times. */
export const ATTRIBUTE_FLAG = {
  type: 'string',
  value: 'K=V',
  multiple: true,
  meaning: 'an attribute of the message; may be given several times',
} as const

/** Returns the attributes that were given. Throws a `UserMistake` for one without a name. */
export function attributesGiven(
  given: readonly string[] | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries((given ?? []).map(attributeOf))
}

function attributeOf(given: string): readonly [name: string, value: string] {
  const at = given.indexOf('=')
  if (at < 1) throw new UserMistake('--attribute must have the form NAME=VALUE')
  return [given.slice(0, at), given.slice(at + 1)]
}
