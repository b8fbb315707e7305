import { nearest } from '../../../lib/nearest.ts'
import { Fault } from './fault.ts'
import { TYPES } from './functions/conversions.ts'
import { constantPart, type Part } from './part.ts'

/** The place of an expression in the mapping. */
export interface Place {
  /** Whether it stands under `each`, where `item` and `index` are known. */
  readonly each: boolean
}

const TYPE_NAMES = [
  'bool',
  'bytes',
  'double',
  'int',
  'list',
  'map',
  'null_type',
  'string',
  'type',
] as const

const VARIABLES: Readonly<Record<string, Part>> = {
  data: { run: ({ scope }) => scope.data ?? null, isOfEvent: true },
  attributes: { run: ({ scope }) => scope.attributes ?? null, isOfEvent: true },
  message: { run: ({ scope }) => scope.message ?? null, isOfEvent: true },
  line: { run: ({ scope }) => scope.line, isOfEvent: true },
}

const UNDER_EACH: Readonly<Record<string, Part>> = {
  item: { run: ({ scope }) => scope.item ?? null, isOfEvent: true },
  index: { run: ({ scope }) => scope.index ?? null, isOfEvent: true },
}

const TYPE_PARTS: Readonly<Record<string, Part>> = Object.fromEntries(
  TYPE_NAMES.map((name) => [name, constantPart(TYPES[name])]),
)

/** The keys of `message`. A delivery attempt grows, so no event may depend on it. */
const MESSAGE_KEYS = ['messageId', 'publishTime', 'subscription', 'orderingKey']

/** Returns the part of a variable, or throws a `Fault`. `locals` are the variables of macros. */
export function variablePart(
  name: string,
  { each }: Place,
  { locals, offset }: { readonly locals: readonly string[]; readonly offset: number },
): Part {
  const known = { ...TYPE_PARTS, ...VARIABLES, ...(each ? UNDER_EACH : {}) }
  const part = Object.hasOwn(known, name) ? known[name] : undefined
  if (part !== undefined) return part
  if (Object.hasOwn(UNDER_EACH, name)) {
    throw new Fault(`\`${name}\` is known only in a shape with \`each\``, offset)
  }
  const meant = nearest(name, [
    ...locals,
    ...Object.keys(VARIABLES),
    ...Object.keys(each ? UNDER_EACH : {}),
  ])
  throw new Fault(
    `\`${name}\` is not known; ${meant === undefined ? `write data.${name} for a key of the event` : `did you mean ${meant}?`}`,
    offset,
  )
}

/** Refuses a key that `message` never has. */
export function checkMessageKey(key: string, offset: number): void {
  if (MESSAGE_KEYS.includes(key)) return
  const meant = nearest(key, MESSAGE_KEYS)
  const hint = meant === undefined ? `it has ${MESSAGE_KEYS.join(', ')}` : `did you mean ${meant}?`
  throw new Fault(`\`message\` has no ${key}; ${hint}`, offset)
}
