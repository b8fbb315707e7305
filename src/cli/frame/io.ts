import type { Readable } from 'node:stream'
import type { Clock } from '../../lib/clock.ts'

/** The code a command ends with. `docs/cli.md` has their meanings. */
export type ExitCode = number

/** The world of a command. Tests hand in their own. */
export interface Io {
  /** Takes the result. */
  readonly stdout: Output
  /** Takes progress and news. */
  readonly stderr: Output
  /** Opens standard input, once. */
  readonly stdin: () => Readable
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** The file that runs all commands. A command starts the service by it. */
  readonly entryFile: string
  /**
   * Aborts at SIGINT, SIGTERM or SIGHUP, and when the reader of stdout is gone; its reason is an
   * `Ended`. From the first call on, a signal does not end the process by itself.
   */
  ending(): AbortSignal
}

/** A stream of text for a person or a program. */
export interface Output {
  /** Writes the text and a line feed. */
  print(text: string): void
  /** Writes the text as it is. */
  write(text: string): void
  readonly isTerminal: boolean
  /** The columns of the terminal; 80 when it does not say. */
  width(): number
}

/**
 * The end of a command from outside. A command throws it on, with `ending.throwIfAborted()`. Its
 * class is another one in each file of the bundle, so `isEnded` looks at the name.
 */
export class Ended extends Error {
  override readonly name = 'Ended'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode) {
    super('the command was ended')
    this.exitCode = exitCode
  }
}

export function isEnded(error: unknown): error is Ended {
  return error instanceof Error && error.name === 'Ended' && 'exitCode' in error
}

/** A mistake of the user, in one line. The command ends with 2. */
export class UserMistake extends Error {
  override readonly name = 'UserMistake'
}

/** Mistakes in a file of the user, one or more lines for each. The command ends with 2. */
export class UserMistakes extends Error {
  override readonly name = 'UserMistakes'
}

/** A failure that is no bug, with a text for people: no server answers, a port is taken. Ends with 1. */
export class Failure extends Error {
  override readonly name = 'Failure'
}
