import { type Config, InvalidConfigurationError } from './load-config.ts'
import { findQuoted, quotesAround, unquoted } from './mistakes.ts'
import { MOST_BUFFERED_BY_DEFAULT } from './rules.ts'
import { SECRETS, VARIABLE_NAMES, type VariableName } from './schema.ts'
import { secretEnd } from './secret-end.ts'
import { defaults, describeShape, type Given, lowerCased, parse, readVariables } from './values.ts'

type Env = Readonly<Record<string, string | undefined>>

/** The part of a configuration that decides what becomes of the events of a message. */
export interface EventSettings extends Pick<Config, 'decode' | 'insertId' | 'transformPath'> {
  readonly maxFootprintBytes: number
}

const EVENT_VARIABLES: readonly VariableName[] = [
  'DECODE_MAX_BYTES',
  'INSERT_ID',
  'PUSH_MAX_BUFFERED_BYTES',
  'TRANSFORM',
]

/**
 * Reads the variables that decide what becomes of an event, and no others. Throws
 * `InvalidConfigurationError` when one of them has no good value.
 */
export function loadEventSettings(env: Env): EventSettings {
  const set = lowerCased(readVariables(env))
  const names = EVENT_VARIABLES.filter((name) => set[name] !== undefined)
  const given: Given = Object.fromEntries(names.map((name) => [name, set[name]]))
  const quoted = findQuoted(given)
  if (quoted.length > 0) throw new InvalidConfigurationError(quoted.map(quotesAround))
  const parsed = parse(given)
  if (parsed.kind === 'broken') throw new InvalidConfigurationError(parsed.names.map(describeShape))
  const { DECODE_MAX_BYTES, INSERT_ID, PUSH_MAX_BUFFERED_BYTES, TRANSFORM } = parsed.environment
  return {
    decode: { maxBytes: DECODE_MAX_BYTES },
    insertId: INSERT_ID,
    maxFootprintBytes: PUSH_MAX_BUFFERED_BYTES ?? MOST_BUFFERED_BY_DEFAULT,
    ...(TRANSFORM !== undefined && { transformPath: TRANSFORM }),
  }
}

/** The value of one variable, fit for people. */
export interface Setting {
  readonly name: VariableName
  /** The value. A secret reads like `set, 32 characters, ends 3f2a`. */
  readonly value: string
  readonly from: 'environment' | 'default'
}

/** Returns the variables that are set or have a default, in the order of docs/configuration.md. */
export function settingsIn(env: Env): readonly Setting[] {
  const set = lowerCased(unquoted(readVariables(env)))
  const all: Given = { ...defaults(), ...set }
  return VARIABLE_NAMES.flatMap((name) => {
    const text = all[name]
    if (text === undefined) return []
    const value = SECRETS.includes(name) ? secretText(text) : text
    return [{ name, value, from: set[name] === undefined ? 'default' : 'environment' }]
  })
}

function secretText(secret: string): string {
  const text = `set, ${secret.length} characters`
  const end = secretEnd(secret)
  return end === undefined ? text : `${text}, ends ${end}`
}
