import { Readable } from 'node:stream'
import type { Io, Output } from '../../src/cli/frame/io.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'

/** The world of a command that runs inside a test. */
export interface FakeIo extends Io {
  readonly clock: FakeClock
  /** All text on stdout so far. */
  out(): string
  /** All text on stderr so far. */
  err(): string
  /** Ends the command from outside; the reason is an `Ended`. */
  end(reason: Error): void
}

export interface FakeIoOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Whether both outputs are terminals; they are not when it is absent. */
  readonly terminal?: boolean
  readonly entryFile?: string
}

/** Makes the world of one command. */
export function createFakeIo(options: FakeIoOptions = {}): FakeIo {
  const { stdin = '', env = {}, terminal = false, entryFile = 'main.ts' } = options
  const controller = new AbortController()
  const texts = { out: '', err: '' }

  return {
    stdout: outputTo('out'),
    stderr: outputTo('err'),
    stdin: () => Readable.from([Buffer.from(stdin)]),
    env,
    clock: createFakeClock(),
    entryFile,
    ending: () => controller.signal,
    out: () => texts.out,
    err: () => texts.err,
    end: (reason) => controller.abort(reason),
  }

  function outputTo(name: 'out' | 'err'): Output {
    const write = (text: string): void => {
      texts[name] += text
    }
    return { print: (text) => write(`${text}\n`), write, isTerminal: terminal, width: () => 80 }
  }
}
