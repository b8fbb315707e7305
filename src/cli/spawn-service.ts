import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** The service in a process of its own, as it runs in production. */
export interface ServiceProcess {
  /** The base URL, without a slash at the end. */
  readonly url: string
  readonly pid: number
  /** The log so far, a line an entry. */
  readonly logLines: readonly string[]
  /** Sends the signal and resolves with the exit code, `undefined` when the signal ended it. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | undefined>
}

export interface SpawnOptions {
  /** The entry file; the service from its sources when absent. */
  readonly main?: string
  readonly cwd?: string
  /** Another user to run as. */
  readonly uid?: number | undefined
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

/**
 * Starts the service with this environment and nothing else of ours; resolves when it takes
 * pushes. Rejects, with what it printed, when it ends before.
 */
export async function spawnService(
  env: Readonly<Record<string, string>>,
  { main = MAIN, cwd, uid }: SpawnOptions = {},
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [main], {
    env,
    cwd,
    uid,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | undefined>((resolve) => {
    child.once('close', (code) => resolve(code ?? undefined))
  })
  const logLines: string[] = []
  const url = await addressOf(child, logLines)
  return { url, pid: child.pid ?? 0, logLines, stop }

  function stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | undefined> {
    child.kill(signal)
    return ended
  }
}

/** The service says in its log where it listens. */
function addressOf(child: ChildProcess, logLines: string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue
    createInterface({ input: stream }).on('line', (line) => {
      logLines.push(line)
      const port = /"address":"http:\/\/[^"]*:(\d+)"/.exec(line)?.[1]
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`)
    })
  }
  child.once('close', () => reject(new Error(`the service ended:\n${logLines.join('\n')}`)))
  return promise
}
