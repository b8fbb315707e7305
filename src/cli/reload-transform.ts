import { execFile } from 'node:child_process'
import type { Clock } from '../lib/clock.ts'
import type { FeedEvent } from './event-line.ts'
import type { LocalWorld } from './local-world.ts'
import { watchFile } from './watch-file.ts'

export interface ReloadDeps {
  readonly clock: Pick<Clock, 'after'>
  readonly entryFile: string
  readonly report: (event: FeedEvent) => void
  /** Called when the service has loaded the file anew. */
  readonly loaded: () => Promise<void>
}

/**
 * Restarts the service each time when the file of `TRANSFORM` has changed, if `check` finds no
 * mistake in it. Otherwise the service goes on with what it has. Returns how to stop.
 */
export function reloadTransform(
  world: Pick<LocalWorld, 'variables' | 'restartService' | 'service'>,
  { clock, entryFile, report, loaded }: ReloadDeps,
): () => void {
  const { TRANSFORM: path } = world.variables
  if (path === undefined) return () => {}
  let last: Promise<void> = Promise.resolve()
  return watchFile(path, clock, () => {
    last = last.then(reload)
  })

  async function reload(): Promise<void> {
    const mistakes = await mistakesIn(world.variables, entryFile)
    if (mistakes !== undefined) return tell(`not loaded: ${mistakes}`)
    try {
      // A service that was stopped loads the file when it is started.
      if (world.service.state() !== 'stopped') await world.restartService()
      await loaded()
      tell('loaded anew')
    } catch (error) {
      tell(`the service did not start: ${error instanceof Error ? error.message : error}`)
    }
  }

  function tell(to: string): void {
    report({ kind: 'switched', what: 'mapping', to })
  }
}

/**
 * Runs `check` on the configuration, in a process of its own: a module is loaded once in a process.
 * Resolves with what it says is wrong; with `undefined` when nothing is.
 */
function mistakesIn(env: LocalWorld['variables'], entryFile: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(process.execPath, [entryFile, 'check'], { env }, (error, _stdout, stderr) => {
      resolve(error === null ? undefined : stderr.trim())
    })
  })
}
