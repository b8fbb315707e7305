import { nearest } from '../../lib/nearest.ts'
import { type Command, endingWell } from './command.ts'
import { columns } from './help.ts'
import { type ExitCode, type Io, UserMistake } from './io.ts'

/** A command in the table of a program. It is loaded only when it is asked for. */
export interface CommandEntry {
  readonly name: string
  /** One line for the help. */
  readonly summary: string
  readonly load: () => Promise<Command | Program>
}

export interface ProgramParts {
  /** The words that call it, like `pubsub-mixpanel dead-letters`. */
  readonly name: string
  readonly about: string
  readonly commands: readonly CommandEntry[]
  /** The name of the command that runs when none is named. */
  readonly fallback?: string
  /** The text that `--version` prints; there is no such flag when it is absent. */
  readonly version?: string
}

/** A command of commands: the whole program, or a group like `dead-letters`. */
export interface Program extends Command {
  readonly commands: readonly CommandEntry[]
}

/** Makes a program. */
export function defineProgram({ name, about, commands, fallback, version }: ProgramParts): Program {
  const rows = commands.map((command) => [command.name, command.summary])
  const help = [
    `${name} ${fallback === undefined ? 'COMMAND' : '[COMMAND]'}`,
    '',
    about,
    '',
    'Commands:',
    ...columns(rows),
    '',
    `${name} COMMAND --help describes a command.`,
  ].join('\n')

  return { help, commands, run: (args, io) => endingWell(name, io, () => runOn(args, io)) }

  async function runOn(args: readonly string[], io: Io): Promise<ExitCode> {
    const [word, ...rest] = args
    const named = commands.find((command) => command.name === word)
    if (named !== undefined) return (await named.load()).run(rest, io)
    if (word === '--version' && version !== undefined) return print(version)
    if (word === '--help' || word === '-h') return print(help)
    const standing = commands.find((command) => command.name === fallback)
    if (standing === undefined || word !== undefined) throw new UserMistake(noCommand(word))
    return (await standing.load()).run([], io)

    function print(text: string): ExitCode {
      io.stdout.print(text)
      return 0
    }
  }

  function noCommand(word = ''): string {
    if (word === '') return 'a command is missing'
    const meant = meantBy(word)
    const kind = word.startsWith('-') ? 'flag' : 'command'
    return `there is no ${kind} ${word}${meant === undefined ? '' : `; did you mean ${meant}?`}`
  }

  /** Returns the command or flag that was meant, whatever its dashes. `-v` means the first with a v. */
  function meantBy(word: string): string | undefined {
    const flags = version === undefined ? ['--help'] : ['--help', '--version']
    const known = [...commands.map((command) => command.name), ...flags]
    const given = bare(word).toLowerCase()
    const meant =
      given.length === 1
        ? known.map(bare).find((name) => name.startsWith(given))
        : nearest(given, known.map(bare))
    return known.find((name) => bare(name) === meant)
  }
}

function bare(word: string): string {
  return word.replace(/^-+/, '')
}
