import { getSystemErrorMap } from 'node:util'
import { type Flags, type Parsed, parseFlags } from './flags.ts'
import { type HelpParts, helpText } from './help.ts'
import {
  type Ended,
  type ExitCode,
  Failure,
  type Io,
  isEnded,
  UserMistake,
  UserMistakes,
} from './io.ts'
import { visibleText } from './visible-text.ts'

/** A command of the program, or a group of them. */
export interface Command {
  /** The text of `--help`, without a line feed at the end. */
  readonly help: string
  /**
   * Runs it. Resolves with 2 and one line on stderr after a mistake of the user, with the code of an
   * `Ended` after an end from outside. Rejects on a bug.
   */
  run(args: readonly string[], io: Io): Promise<ExitCode>
}

export interface CommandParts<F extends Flags> extends Omit<HelpParts, 'flags' | 'usage'> {
  /** All words that call it, like `pubsub-mixpanel dead-letters list`. */
  readonly name: string
  /** The operands in the help, like `[FILE… | -]`. The command takes none when it is absent. */
  readonly operands?: string
  readonly flags: F
  /** Text below the flags in the help. */
  readonly more?: string
  readonly run: (given: Parsed<F>, io: Io) => Promise<ExitCode>
}

const HELP = { type: 'boolean', short: 'h', default: false, meaning: 'print this text' } as const

/** Makes a command. `--help` prints its help, whatever the other arguments are. */
export function defineCommand<F extends Flags>(parts: CommandParts<F>): Command {
  const { name, operands: operandText, about, examples, flags, more } = parts
  const usage = [name, ...(Object.keys(flags).length > 0 ? ['[FLAGS]'] : []), operandText]
    .filter((word) => word !== undefined)
    .join(' ')
  const text = helpText({ usage, about, examples, flags: { ...flags, help: HELP } })
  const help = more === undefined ? text : `${text}\n\n${more}`

  return { help, run: (args, io) => endingWell(name, io, () => runOn(args, io)) }

  async function runOn(args: readonly string[], io: Io): Promise<ExitCode> {
    if (asksForHelp(args)) {
      io.stdout.print(help)
      return 0
    }
    const given = parseFlags(flags, args)
    const [first] = given.operands
    if (given.operands.includes('')) throw new UserMistake('an argument is empty')
    if (first === undefined || operandText !== undefined) return parts.run(given, io)
    throw new UserMistake(`there is no argument ${first}`)
  }
}

/** Whether the arguments ask for help. After `--` they name files. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const flags = end === -1 ? args : args.slice(0, end)
  return flags.some((arg) => arg === '--help' || arg === '-h')
}

/**
 * Runs a command to its end and turns an expected error into an exit code. A mistake of the user is
 * one line on stderr.
 */
export async function endingWell(
  name: string,
  io: Io,
  run: () => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    return await run()
  } catch (error) {
    const ended = endedBy(error)
    if (ended !== undefined) return ended.exitCode
    if (error instanceof Failure) return tell(error.message, 1)
    if (error instanceof UserMistake) {
      return tell(`${name}: ${visibleText(error.message)} (see ${name} --help)`, 2)
    }
    if (error instanceof UserMistakes) {
      return tell(error.message.split('\n').map(visibleText).join('\n'), 2)
    }
    const text = fileText(error)
    if (text === undefined) throw error
    return tell(`${name}: ${visibleText(text)}`, 2)
  }

  function tell(text: string, code: ExitCode): ExitCode {
    io.stderr.print(text)
    return code
  }
}

/** An aborted read of Node has the reason of the abort as its cause. */
function endedBy(error: unknown): Ended | undefined {
  if (isEnded(error)) return error
  if (error instanceof Error && error.name === 'AbortError') return endedBy(error.cause)
  return undefined
}

/** Returns the text for a file that cannot be used; `undefined` for any other error. */
function fileText(error: unknown): string | undefined {
  if (!(error instanceof Error && 'errno' in error && 'path' in error)) return undefined
  const [, text] = getSystemErrorMap().get(Number(error.errno)) ?? []
  return text && `${error.path}: ${text}`
}
