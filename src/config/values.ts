import { envSchema } from 'env-schema'
import { isInjected } from './kubernetes.ts'
import {
  ENVIRONMENT,
  type Environment,
  isVariableName,
  VARIABLE_NAMES,
  VARIABLES,
  type VariableName,
} from './schema.ts'

/**
 * The variables as they are written. A variable that is neither set nor has a default is absent.
 */
export type Given = Readonly<Partial<Record<VariableName, string>>>

/** The variables that hold a comma-separated list. */
export const LISTS: readonly VariableName[] = [
  'PUSH_AUDIENCE',
  'PUSH_SERVICE_ACCOUNT',
  'PUSH_SUBSCRIPTIONS',
  'PUSH_ISSUER',
]

/**
 * Returns the variables that are set, trimmed. A variable that Kubernetes injects under one of our
 * names counts as unset.
 */
export function readVariables(env: Readonly<Record<string, string | undefined>>): Given {
  const set: Partial<Record<VariableName, string>> = {}
  for (const name of VARIABLE_NAMES) {
    const text = env[name]?.trim()
    if (text && !isInjected(name, text)) set[name] = text
  }
  return set
}

/** Returns the same variables with every choice and every e-mail address in lower case. */
export function lowerCased(set: Given): Given {
  const names = VARIABLE_NAMES.filter((name) => VARIABLES[name].enum || name === EMAILS)
  const lower = names.filter((name) => set[name]).map((name) => [name, set[name]?.toLowerCase()])
  return { ...set, ...Object.fromEntries(lower) }
}

const EMAILS: VariableName = 'PUSH_SERVICE_ACCOUNT'

/** Returns the default of each variable that has a fixed one. */
export function defaults(): Given {
  const texts: Partial<Record<VariableName, string>> = {}
  for (const name of VARIABLE_NAMES) {
    const value = VARIABLES[name].default
    if (value !== undefined) texts[name] = String(value)
  }
  return texts
}

type Parsed = Readonly<
  | { kind: 'environment'; environment: Environment }
  | { kind: 'broken'; names: readonly VariableName[] }
>

/** Checks the types, ranges and choices of each variable by itself, and fills in defaults. */
export function parse(set: Given): Parsed {
  try {
    const environment = envSchema<Environment>({ schema: ENVIRONMENT, data: set, env: false })
    return { kind: 'environment', environment }
  } catch (error) {
    return { kind: 'broken', names: readNames(error) }
  }
}

/** Returns the variables that ajv reports. Its own texts would not say what to do. */
function readNames(error: unknown): VariableName[] {
  if (!(error instanceof Error && 'errors' in error && Array.isArray(error.errors))) throw error
  return error.errors
    .map(({ instancePath }: { instancePath: string }) => instancePath.slice('/'.length))
    .filter(isVariableName)
}

/**
 * Returns the sentence about the values that a variable may have, for a value that the schema
 * refuses.
 */
export function describeShape(name: VariableName): string {
  const { type, minimum, maximum, enum: choices } = VARIABLES[name]
  if (type === 'integer') return `${name} must be a whole number from ${minimum} to ${maximum}`
  return `${name} must be one of ${choices?.join(', ')}`
}

/** Returns the entries of a comma-separated list, trimmed, without empty ones. */
export function parseList(text = ''): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

/** Whether a text is the full name of a subscription, `projects/P/subscriptions/S`. */
export function isSubscriptionName(text: string): boolean {
  return /^projects\/[^/\s]+\/subscriptions\/[^/\s]+$/.test(text)
}

/** Whether a text is a host and a port, and nothing more. */
export function isHostAndPort(text: string): boolean {
  return /^([\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i.test(text) && URL.canParse(`http://${text}`)
}

/** Whether a text is an http or https URL that holds no credentials. */
export function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false
  return url.username === '' && url.password === ''
}

/** Whether a URL leads to this machine. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/.test(hostname)
}
