import { randomInt } from 'node:crypto'
import { type ServiceProcess, spawnService } from '../../src/cli/spawn-service.ts'
import { isFreePort } from './is-free-port.ts'
import { pause } from './patience.ts'

/** The end of a process that was stopped with SIGTERM. */
export interface Stop {
  readonly code: number | undefined
  /** The last lines of its log: they tell why a stop ended badly. */
  readonly lastLines: readonly string[]
}

/** One instance of the service under test, which can be ended and started again. */
export interface RestartingService {
  /** The base URL of the present or the last process. */
  url(): string
  /** The URL of its metrics. */
  metricsUrl(): string
  pid(): number
  /** Kills the process, as the loss of its machine would. Rejects when it had ended by itself. */
  kill(): Promise<void>
  /** Starts a process when there is none. */
  start(): Promise<void>
  /** Sends SIGTERM; resolves once the process says that it drains, or has ended. */
  beginDrain(): Promise<void>
  /** Stops the process as Cloud Run does. */
  stop(): Promise<Stop>
  /** Ends the process, if any. */
  close(): Promise<void>
}

export interface ServiceOptions {
  /** Called before each start. */
  readonly env: () => Readonly<Record<string, string>>
  /** The entry file; the service's sources when absent. */
  readonly main?: string | undefined
  /** Called with the URL of each started process. */
  readonly started: (url: string) => void
  /** Called before a process is ended: it takes no more pushes. */
  readonly ending: () => void
}

const ASK_AGAIN_MS = 20
const LAST_LINES = 5
const FIRST_PORT = 30_000
const PORTS = 2_700

/** Starts the first process; rejects when it cannot start. */
export async function startService(options: ServiceOptions): Promise<RestartingService> {
  /** The stop, once SIGTERM was sent: a second SIGTERM would end the process at once. */
  let ended: Promise<Stop> | undefined
  let metricsPort = 0
  let running = await startProcess()

  return {
    url: () => running.url,
    metricsUrl: () => `http://127.0.0.1:${metricsPort}/metrics`,
    pid: () => running.pid,
    kill,
    start: async () => {
      running = await startProcess()
    },
    beginDrain,
    stop,
    close: async () => void (await running.stop('SIGKILL')),
  }

  async function startProcess(): Promise<ServiceProcess> {
    const { main } = options
    metricsPort = await freePort()
    const env = { ...options.env(), METRICS_PORT: String(metricsPort) }
    const started = await spawnService(env, main === undefined ? {} : { main })
    ended = undefined
    options.started(started.url)
    return started
  }

  function stop(): Promise<Stop> {
    if (ended === undefined) options.ending()
    ended ??= running.stop('SIGTERM').then((code) => ({ code, lastLines: lastLines() }))
    return ended
  }

  function lastLines(): readonly string[] {
    return running.logLines.slice(-LAST_LINES)
  }

  async function kill(): Promise<void> {
    options.ending()
    const code = await running.stop('SIGKILL')
    if (code === undefined || ended !== undefined) return
    throw new Error(`the service had ended by itself, with ${code}:\n${lastLines().join('\n')}`)
  }

  async function beginDrain(): Promise<void> {
    let hasEnded = false
    void stop().then(() => {
      hasEnded = true
    })
    while (!hasEnded && (await readiness(running.url)) !== 503) await pause(ASK_AGAIN_MS)
  }
}

/** Finds a port below the ranges from which kernels pick: Linux begins at 32768, others later. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + randomInt(PORTS)
    if (await isFreePort(port)) return port
  }
}

/** The status of the readiness probe; `undefined` without an answer. */
async function readiness(url: string): Promise<number | undefined> {
  try {
    return (await fetch(`${url}/health/ready`)).status
  } catch {
    return undefined
  }
}
