import type { ServiceProcess } from './spawn-service.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Resolves at Ctrl-C, at a signal, or when standard output is closed, from this call on. */
export function exitRequested(): Promise<void> {
  return new Promise((resolve) => {
    // For good: npm forwards the Ctrl-C that the terminal sent as well, and an end takes a while.
    for (const signal of SIGNALS) process.on(signal, () => resolve())
    process.stdout.on('error', () => resolve())
  })
}

/** Resolves with the exit code: 0 when an exit was requested, or else the service's, reported. */
export async function waitForExit(
  { ended }: Pick<ServiceProcess, 'ended'>,
  requested: Promise<void>,
): Promise<number> {
  const end = await Promise.race([requested.then(() => 'requested' as const), ended])
  if (end === 'requested') return 0
  const how = end === undefined ? 'by a signal' : `with ${end}`
  console.error(`The service has ended by itself, ${how}.`)
  return end ?? 1
}
