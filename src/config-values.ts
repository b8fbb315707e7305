import { envSchema } from 'env-schema'
import {
  ENVIRONMENT,
  type Environment,
  isVariableName,
  VARIABLE_NAMES,
  VARIABLES,
  type VariableName,
} from './config-schema.ts'

/** Variables as they are written; what is neither set nor filled in by a default is absent. */
export type Given = Readonly<Partial<Record<VariableName, string>>>

/** The variables that are set, trimmed. */
export function setIn(env: Readonly<Record<string, string | undefined>>): Given {
  const set: Partial<Record<VariableName, string>> = {}
  for (const name of VARIABLE_NAMES) {
    const text = env[name]?.trim()
    if (text) set[name] = text
  }
  return set
}

/** The default of each variable that has one of its own. */
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

/** Types, ranges, choices and defaults of each variable by itself. */
export function parse(set: Given): Parsed {
  try {
    const environment = envSchema<Environment>({ schema: ENVIRONMENT, data: set, env: false })
    return { kind: 'environment', environment }
  } catch (error) {
    return { kind: 'broken', names: namesIn(error) }
  }
}

/** The variables ajv complains about; its own texts would not say what to do. */
function namesIn(error: unknown): VariableName[] {
  if (!(error instanceof Error && 'errors' in error && Array.isArray(error.errors))) throw error
  return error.errors
    .map(({ instancePath }: { instancePath: string }) => instancePath.slice('/'.length))
    .filter(isVariableName)
}

/** What a variable whose value its schema refuses has to be. */
export function shapeOf(name: VariableName): string {
  const { type, minimum, maximum, enum: choices } = VARIABLES[name]
  if (type === 'integer') return `${name} must be a whole number from ${minimum} to ${maximum}`
  return `${name} must be one of ${choices?.join(', ')}`
}

/** The entries of a comma-separated list, trimmed, without empty ones. */
export function listOf(text = ''): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

/** Where `DEAD_LETTER` points; `unknown` when it has none of the forms there are. */
export type DeadLetterForm = Readonly<
  | { kind: 'file'; folder: string }
  | { kind: 'subscription' }
  /** `projects/P/topics/T`. */
  | { kind: 'pubsub'; topic: string }
  | { kind: 'unknown' }
>

/** What Pub/Sub takes as names, and nothing that could lead a URL elsewhere. */
const TOPIC = /^projects\/[a-z0-9][\w.:-]*\/topics\/[a-z][\w.~+%-]{2,254}$/i

export function deadLetterFormOf(text: string): DeadLetterForm {
  if (text === 'subscription') return { kind: 'subscription' }
  if (/^file:./.test(text)) return { kind: 'file', folder: text.slice('file:'.length) }
  const topic = text.startsWith('pubsub:') ? text.slice('pubsub:'.length) : ''
  if (TOPIC.test(topic)) return { kind: 'pubsub', topic }
  return { kind: 'unknown' }
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
