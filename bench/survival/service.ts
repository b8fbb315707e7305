import { type ServiceProcess, spawnService } from '../../src/cli/spawn-service.ts'
import { pause } from './patience.ts'

/** The service under test, which ends and comes back. */
export interface RestartingService {
  /** The base URL of the process that runs, or ran last. */
  url(): string
  /** Ends the process at once, as a lost machine would. Rejects when it had ended by itself. */
  kill(): Promise<void>
  /** Starts another, when there is none. */
  start(): Promise<void>
  /** Sends SIGTERM, and resolves once the process says that it takes no more pushes, or has ended. */
  beginDrain(): Promise<void>
  /** Ends it as Cloud Run does; resolves with its exit code. */
  stop(): Promise<number | undefined>
  /** Leaves no process behind. */
  close(): Promise<void>
}

export interface ServiceOptions {
  readonly env: Readonly<Record<string, string>>
  /** Its entry file; the service from its sources when absent. */
  readonly main?: string
  /** Told where each process listens. */
  readonly started: (url: string) => void
}

const ASK_AGAIN_MS = 20
const LAST_LINES = 5

/** Starts the first process; rejects when it cannot start. */
export async function startService(options: ServiceOptions): Promise<RestartingService> {
  /** Its exit code, once it was sent SIGTERM: a second would end it at once. */
  let ended: Promise<number | undefined> | undefined
  let running = await startProcess()

  return {
    url: () => running.url,
    kill,
    start: async () => {
      running = await startProcess()
    },
    beginDrain,
    stop,
    close: async () => void (await running.stop('SIGKILL')),
  }

  async function startProcess(): Promise<ServiceProcess> {
    const { env, main } = options
    const started = await spawnService(env, main === undefined ? {} : { main })
    ended = undefined
    options.started(started.url)
    return started
  }

  function stop(): Promise<number | undefined> {
    ended ??= running.stop('SIGTERM')
    return ended
  }

  async function kill(): Promise<void> {
    const code = await running.stop('SIGKILL')
    if (code === undefined || ended) return
    const lines = running.logLines.slice(-LAST_LINES).join('\n')
    throw new Error(`the service had ended by itself, with ${code}:\n${lines}`)
  }

  async function beginDrain(): Promise<void> {
    let hasEnded = false
    void stop().then(() => {
      hasEnded = true
    })
    while (!hasEnded && (await readiness(running.url)) !== 503) await pause(ASK_AGAIN_MS)
  }
}

/** The status of its answer; `undefined` when it gives none. */
async function readiness(url: string): Promise<number | undefined> {
  try {
    return (await fetch(`${url}/health/ready`)).status
  } catch {
    return undefined
  }
}
