import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The name of a command; `main` names none. */
type Script = 'main' | 'check' | 'serve' | 'demo' | 'local' | 'publish' | 'dead-letters'

/** The file that runs all commands. */
export const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

export interface Ended {
  /** `undefined` when a signal ended it. */
  readonly code: number | undefined
  readonly out: string
  readonly err: string
}

/** Runs a command of the project to its end, with nothing of our environment but `env`. */
export async function run(
  script: Script,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = begin(script, args, env)
  const closed = once(child, 'close')
  const [out, err] = await Promise.all([child.stdout, child.stderr].map((stream) => textOf(stream)))
  const [code] = await closed
  return { code: code ?? undefined, out: out ?? '', err: err ?? '' }
}

/** Starts a command of the project. The caller ends it. */
export function begin(
  script: Script,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  group: 'ours' | 'its_own' = 'ours',
): ChildProcess {
  const words = script === 'main' ? [] : [script]
  return spawn(process.execPath, [MAIN, ...words, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    detached: group === 'its_own',
  })
}

/** All that a stream of a command says until it ends. */
export function textOf(stream: ChildProcess['stdout']): Promise<string> | string {
  return stream ? text(stream) : ''
}
