import type { ServiceProcess } from './spawn-service.ts'

export type ServiceState = 'starting' | 'running' | 'stopping' | 'stopped'

/** The service of a local world, which can be stopped and started again. */
export interface WorldService {
  /** The base URL of the last process, without a slash at the end. */
  url(): string
  /** The id of the process; `undefined` while there is none. */
  pid(): number | undefined
  state(): ServiceState
  /** Resolves with the exit code when a process ends that was not stopped by `stop`. */
  readonly ended: Promise<number | undefined>
  /** Resolves when the service has settled what it can and has ended. */
  stop(): Promise<void>
  /** Resolves when the service takes pushes. Rejects, with its output, when it ends before. */
  start(): Promise<void>
}

/**
 * Starts the service. Further calls of `stop` and `start` are carried out one after the other.
 */
export async function startWorldService(
  spawn: () => Promise<ServiceProcess>,
): Promise<WorldService> {
  const { promise: ended, resolve: endedByItself } = Promise.withResolvers<number | undefined>()
  let running: ServiceProcess | undefined
  let url = ''
  let state: ServiceState = 'stopped'
  let last: Promise<unknown> = Promise.resolve()
  await startNow()

  return {
    url: () => url,
    pid: () => running?.pid,
    state: () => state,
    ended,
    stop: () => inTurn(stopNow),
    start: () => inTurn(startNow),
  }

  function inTurn(task: () => Promise<void>): Promise<void> {
    const turn = last.then(task)
    last = turn.catch(() => {})
    return turn
  }

  async function startNow(): Promise<void> {
    if (running !== undefined) return
    state = 'starting'
    try {
      const started = await spawn()
      running = started
      url = started.url
      void started.ended.then((code) => {
        if (running === started) endedByItself(code)
      })
      state = 'running'
    } catch (error) {
      state = 'stopped'
      throw error
    }
  }

  async function stopNow(): Promise<void> {
    if (running === undefined) return
    const stopping = running
    running = undefined
    state = 'stopping'
    await stopping.stop('SIGTERM')
    state = 'stopped'
  }
}
