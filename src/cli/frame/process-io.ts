import { fstatSync } from 'node:fs'
import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { nextTurn, systemClock } from '../../lib/clock.ts'
import { Ended, type ExitCode, type Io, type Output } from './io.ts'
import { isAFolder } from './read-input.ts'

/** The world of a command that runs as this process. */
export interface ProcessIo extends Io {
  /** Ends the process when stdout is written. */
  exit(code: ExitCode): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const STDIN = 0
const STDOUT = 1
const STDERR = 2
const DEFAULT_WIDTH = 80

/** Makes the world of this process. It touches no stream and no signal before it must. */
export function createProcessIo(entryFile: string): ProcessIo {
  const controller = new AbortController()
  let isListening = false
  let hasFailed = false
  const stdout = createOutput(STDOUT, () => process.stdout, stdoutFailed)
  const stderr = createOutput(STDERR, () => process.stderr)

  return {
    stdout,
    stderr,
    stdin: openStdin,
    env: process.env,
    clock: systemClock,
    entryFile,
    ending,
    exit: (code) => void process.stdout.write('', () => exitAfterErrors(code)),
  }

  function ending(): AbortSignal {
    if (!isListening) for (const signal of SIGNALS) process.on(signal, () => end(signal))
    isListening = true
    return controller.signal
  }

  function end(signal: (typeof SIGNALS)[number]): void {
    controller.abort(new Ended(128 + constants.signals[signal]))
  }

  /** A reader that has gone, like `head`, has all that it wants. */
  function stdoutFailed(error: Error): void {
    const isGone = 'code' in error && error.code === 'EPIPE'
    if (!isGone && !hasFailed) stderr.print(`stdout: ${error.message}`)
    hasFailed ||= !isGone
    controller.abort(new Ended(isGone ? 0 : 1))
  }

  /** A stream reports the error of a write after the write has returned. */
  async function exitAfterErrors(code: ExitCode): Promise<void> {
    await nextTurn()
    process.exit(hasFailed && code === 0 ? 1 : code)
  }
}

/** Opens stdin. Node reads a folder there as if it were empty. */
function openStdin(): NodeJS.ReadStream {
  if (fstatSync(STDIN).isDirectory()) throw isAFolder('stdin')
  return process.stdin
}

/** Makes an output that opens its stream at the first write. */
function createOutput(
  descriptor: number,
  open: () => NodeJS.WriteStream,
  failed: (error: Error) => void = () => {},
): Output {
  let stream: NodeJS.WriteStream | undefined

  return {
    print: (text) => write(`${text}\n`),
    write,
    isTerminal: isatty(descriptor),
    width: () => opened().columns || DEFAULT_WIDTH,
  }

  function write(text: string): void {
    opened().write(text)
  }

  function opened(): NodeJS.WriteStream {
    stream ??= open().on('error', failed)
    return stream
  }
}
