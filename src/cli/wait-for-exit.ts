import type { Output } from './frame/io.ts'
import type { ServiceProcess } from './spawn-service.ts'

/** Resolves when the command is ended from outside. */
export function exitRequested(ending: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    ending.addEventListener('abort', () => resolve(), { once: true })
    if (ending.aborted) resolve()
  })
}

/** Resolves with the exit code: 0 when an exit was requested, or else the service's, reported. */
export async function waitForExit(
  { ended }: Pick<ServiceProcess, 'ended'>,
  requested: Promise<void>,
  stderr: Output,
): Promise<number> {
  const end = await Promise.race([requested.then(() => 'requested' as const), ended])
  if (end === 'requested') return 0
  const how = end === undefined ? 'by a signal' : `with ${end}`
  stderr.print(`The service has ended by itself, ${how}.`)
  return end ?? 1
}
