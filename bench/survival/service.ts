import { type ServiceProcess, spawnService } from '../../src/cli/spawn-service.ts'
import { pause } from './patience.ts'

/** The service under test, which ends and comes back. */
export interface RestartingService {
  /** The base URL of the process that runs, or ran last. */
  url(): string
  /** Ends the process at once, as a lost machine would. */
  kill(): Promise<void>
  /** Starts another, when there is none. */
  start(): Promise<void>
  /** Sends SIGTERM, and resolves once the process says that it takes no more pushes. */
  beginDrain(): Promise<void>
  /** What the processes have logged, each from its start. */
  logLines(): readonly string[]
  /** Ends it as Cloud Run does; resolves with its exit code. */
  stop(): Promise<number | undefined>
}

export interface ServiceOptions {
  readonly env: Readonly<Record<string, string>>
  /** Its entry file; the service from its sources when absent. */
  readonly main?: string
  /** Told where each process listens. */
  readonly started: (url: string) => void
}

const ASK_AGAIN_MS = 20

/** Starts the first process; rejects when it cannot start. */
export async function startService(options: ServiceOptions): Promise<RestartingService> {
  const processes: ServiceProcess[] = []
  let running = await startProcess()

  return {
    url: () => running.url,
    kill: async () => void (await running.stop('SIGKILL')),
    start: async () => {
      running = await startProcess()
    },
    beginDrain,
    logLines: () => processes.flatMap(({ logLines }) => logLines),
    stop: () => running.stop('SIGTERM'),
  }

  async function startProcess(): Promise<ServiceProcess> {
    const { env, main } = options
    const started = await spawnService(env, main === undefined ? {} : { main })
    processes.push(started)
    options.started(started.url)
    return started
  }

  async function beginDrain(): Promise<void> {
    void running.stop('SIGTERM')
    while ((await readiness(running.url)) !== 503) await pause(ASK_AGAIN_MS)
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
