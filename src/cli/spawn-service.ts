import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** The service in a process of its own, as in production. */
export interface ServiceProcess {
  /** The base URL, without a slash at the end. */
  readonly url: string
  readonly pid: number
  /** The log so far, a line an entry; empty when `logged` takes the lines. */
  readonly logLines: readonly string[]
  /** Resolves with the exit code when the process ends; `undefined` when a signal ended it. */
  readonly ended: Promise<number | undefined>
  /** Sends the signal and resolves as `ended` does. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | undefined>
}

export interface SpawnOptions {
  /** The entry file; the service's sources when absent. */
  readonly main?: string
  readonly cwd?: string
  /** The user to run as; the present user when absent. */
  readonly uid?: number | undefined
  /** Whether Ctrl-C in our terminal reaches the service too, or us alone; it does when absent. */
  readonly signals?: 'of_our_terminal' | 'ours_alone'
  /** Called with each line of the log; the lines are kept when absent. */
  readonly logged?: (line: string) => void
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

/**
 * Starts the service with this environment only; resolves when it takes pushes. Rejects with its
 * output when it ends before. Ends the service when our process exits.
 */
export async function spawnService(
  env: Readonly<Record<string, string>>,
  options: SpawnOptions = {},
): Promise<ServiceProcess> {
  const { main = MAIN, cwd, uid, signals = 'of_our_terminal' } = options
  const child = spawn(process.execPath, [main], {
    env,
    cwd,
    uid,
    detached: signals === 'ours_alone',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = endOf(child)
  const logLines: string[] = []
  const url = await addressOf(child, options.logged ?? ((line) => logLines.push(line)))
  return { url, pid: child.pid ?? 0, logLines, ended, stop }

  function stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | undefined> {
    child.kill(signal)
    return ended
  }
}

function endOf(child: ChildProcess): Promise<number | undefined> {
  const endWithUs = (): void => void child.kill('SIGTERM')
  process.once('exit', endWithUs)
  return new Promise((resolve) => {
    child.once('close', (code) => {
      process.off('exit', endWithUs)
      resolve(code ?? undefined)
    })
  })
}

/** Reads from its log where the service listens. */
function addressOf(child: ChildProcess, logged: (line: string) => void): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const beforeStart: string[] = []
  let starting = true
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue
    createInterface({ input: stream }).on('line', (line) => {
      logged(line)
      if (!starting) return
      beforeStart.push(line)
      const port = /"address":"http:\/\/[^"]*:(\d+)"/.exec(line)?.[1]
      if (port === undefined) return
      starting = false
      resolve(`http://127.0.0.1:${port}`)
    })
  }
  child.once('close', () => reject(new Error(`the service ended:\n${beforeStart.join('\n')}`)))
  return promise
}
