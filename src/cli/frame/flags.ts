import { parseArgs } from 'node:util'
import { nearest } from '../../lib/nearest.ts'
import { UserMistake } from './io.ts'

/** A flag of a command, for `parseArgs` and for the help. */
export interface Flag {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  readonly default?: string | boolean
  /** The name of its value in the help. */
  readonly value?: string
  readonly meaning: string
}

export type Flags = Readonly<Record<string, Flag>>

/** The values of flags, as `parseArgs` types them. */
export type FlagValues<F extends Flags> = ReturnType<typeof parse<F>>['values']

export interface Parsed<F extends Flags> {
  readonly flags: FlagValues<F>
  /** The arguments that are no flags. */
  readonly operands: readonly string[]
}

/** Parses the arguments of a command. Throws a `UserMistake` that names the nearest flag. */
export function parseFlags<F extends Flags>(flags: F, args: readonly string[]): Parsed<F> {
  for (const token of tokensOf(flags, args)) {
    if (token.kind !== 'option') continue
    const mistake = mistakeIn(token, flags)
    if (mistake !== undefined) throw new UserMistake(mistake)
  }
  const { values, positionals } = parse(flags, args)
  return { flags: values, operands: positionals }
}

function parse<F extends Flags>(flags: F, args: readonly string[]) {
  return parseArgs({ args: [...args], options: flags, allowPositionals: true })
}

interface Option {
  readonly name: string
  /** As it was written. */
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function tokensOf(flags: Flags, args: readonly string[]) {
  const config = { args: [...args], options: flags, allowPositionals: true }
  return parseArgs({ ...config, strict: false, tokens: true }).tokens
}

function mistakeIn(
  { name, rawName, value, inlineValue }: Option,
  flags: Flags,
): string | undefined {
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined
  if (flag === undefined) return unknownFlag(rawName, flags)
  if (flag.type === 'boolean') return value === undefined ? undefined : `${rawName} takes no value`
  if (value === undefined) return `${rawName} needs a value`
  // A variable of the shell that is not set leaves an empty value.
  if (value.trim() === '') return `${rawName} needs a value, and this one is empty`
  // `--limit --json` has lost its value, and `--file -` means stdin.
  if (inlineValue || !value.startsWith('-') || value === '-') return undefined
  return `${rawName} needs a value; one that begins with a dash is written ${rawName}=${value}`
}

function unknownFlag(rawName: string, flags: Flags): string {
  const meant = nearest(rawName.replace(/^-+/, ''), [...Object.keys(flags), 'help'])
  return `there is no flag ${rawName}${meant === undefined ? '' : `; did you mean --${meant}?`}`
}
